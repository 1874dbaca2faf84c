package org.djlgpt.decoder;

import ai.djl.ndarray.NDArray;

import org.djlgpt.attention.CachedAttention;
import org.djlgpt.model.FeedForward;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.PositionEmbedding;
import org.djlgpt.model.TransformerBlock;
import org.djlgpt.nn.LayerNorm;

import java.util.Locale;
import java.util.stream.Stream;

/** The decoder of GPT-2, {@code gpt2.py}. */
final class Gpt2Kernel extends DecoderKernel {

    private final Gpt2Config config;

    Gpt2Kernel(GptModel model, WeightConverter weights) {
        super(model, weights, "gpt2");
        config = (Gpt2Config) model.config();
        for (TransformerBlock block : model.blocks()) {
            CachedAttention attention = block.attention();
            FeedForward feedForward = (FeedForward) block.feedForward();
            addToLayers(norm((LayerNorm) block.norm1(), weights));
            addToLayers(norm((LayerNorm) block.norm2(), weights));
            addToLayers(weights.linear(attention.output()));
            addToLayers(weights.linear(feedForward.up()));
            addToLayers(weights.linear(feedForward.down()));
            addToProjections(
                    weights.sideBySide(attention.query(), attention.key(), attention.value()));
        }
        PositionEmbedding positions = (PositionEmbedding) model.positions().orElseThrow();
        addToEnds(embedding());
        addToEnds(Stream.of(weights.array(positions.weight())));
        addToEnds(norm((LayerNorm) model.finalNorm(), weights));
        addToEnds(head());
    }

    /** Scale and shift. */
    private Stream<NDArray> norm(LayerNorm norm, WeightConverter weights) {
        NDArray scale = weights.array(norm.scale());
        return Stream.of(scale, norm.shift() == null ? none() : weights.array(norm.shift()));
    }

    @Override
    Stream<Object> settings(int positions) {
        return Stream.of(config.normEpsilon(), config.activation().name().toLowerCase(Locale.ROOT));
    }
}
