package org.djlgpt.decoder;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;

import org.djlgpt.attention.GroupedQueryAttention;
import org.djlgpt.attention.RotaryEmbedding;
import org.djlgpt.model.GatedFeedForward;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.model.TransformerBlock;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.RmsNorm;
import org.djlgpt.torch.Argument;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The decoder of Llama and its relatives, {@code llama.py}. */
final class LlamaKernel extends DecoderKernel {

    private final LlamaConfig config;
    private final RotaryEmbedding rotary;
    private final Device device;
    private final List<NDArray> gates = new ArrayList<>();

    LlamaKernel(GptModel model, WeightConverter weights) {
        super(model, weights, "llama");
        config = (LlamaConfig) model.config();
        rotary = ((GroupedQueryAttention) model.blocks().get(0).attention()).rotary();
        device = model.outputWeight().getArray().getDevice();
        for (TransformerBlock block : model.blocks()) {
            GroupedQueryAttention attention = (GroupedQueryAttention) block.attention();
            GatedFeedForward feedForward = (GatedFeedForward) block.feedForward();
            addToLayers(norm((RmsNorm) block.norm1(), weights));
            addToLayers(norm((RmsNorm) block.norm2(), weights));
            addToLayers(norm(attention.queryNorm(), weights));
            addToLayers(norm(attention.keyNorm(), weights));
            addToLayers(unbiased(attention.output(), weights));
            addToLayers(unbiased(feedForward.down(), weights));
            addToProjections(
                    weights.sideBySide(attention.query(), attention.key(), attention.value()));
            weights.sideBySide(feedForward.gate(), feedForward.up()).forEach(gates::add);
        }
        addToEnds(embedding());
        addToEnds(norm((RmsNorm) model.finalNorm(), weights));
        addToEnds(head());
    }

    private Stream<NDArray> norm(RmsNorm norm, WeightConverter weights) {
        return Stream.of(norm == null ? none() : weights.array(norm.scale()));
    }

    private static Stream<NDArray> unbiased(Linear layer, WeightConverter weights) {
        Weight weight = weights.matrix(layer.weight());
        return Stream.of(weight.value(), weight.scale());
    }

    @Override
    Stream<Object> settings(int positions) {
        return Stream.of(
                open("gates", gates),
                Argument.of("llama", "cosine", rotary.cosine(positions, device)).array(),
                Argument.of("llama", "sine", rotary.sine(positions, device)).array(),
                (long) config.slidingWindow(),
                config.normEpsilon());
    }
}
