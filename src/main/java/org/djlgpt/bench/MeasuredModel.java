package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;

import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.LlamaConfig;

import java.util.Random;

/**
 * What is trained or writes: a model with random weights and random tokens, which cost as much as
 * any others.
 *
 * @param name what the report calls it
 * @param config its sizes
 */
record MeasuredModel(String name, GptConfig config) {

    static MeasuredModel gpt2() {
        return new MeasuredModel("GPT-2 124M", Gpt2Config.small().withDropout(0));
    }

    /** A Llama of GPT-2's size: as many parameters within 0.3 %. */
    static MeasuredModel llama() {
        return new MeasuredModel(
                "Llama 124M",
                LlamaConfig.builder()
                        .setVocabSize(50257)
                        .setContextLength(1024)
                        .setEmbeddingDim(768)
                        .optHiddenDim(2432)
                        .setNumHeads(12)
                        .optNumKeyValueHeads(4)
                        .setNumLayers(12)
                        .optTiedOutput(true)
                        .build());
    }

    /** What {@code gpt train} trains when it is told nothing. */
    static MeasuredModel ofTrainCommand() {
        return new MeasuredModel("the default model of gpt train", config(103, 4, 128, 64));
    }

    /** A model so small that nearly all that is left does not depend on its size. */
    static MeasuredModel smallest(int layers, int context) {
        String name = "a %d-layer, 64-dimension, 65-word model".formatted(layers);
        return new MeasuredModel(name, config(65, layers, 64, context));
    }

    private static Gpt2Config config(int vocabSize, int layers, int width, int context) {
        return Gpt2Config.builder()
                .setVocabSize(vocabSize)
                .setNumLayers(layers)
                .setNumHeads(4)
                .setEmbeddingDim(width)
                .setContextLength(context)
                .build();
    }

    GptModel create(NDManager manager) {
        GptModel model = new GptModel(config);
        model.initialize(manager, DataType.FLOAT32, new Shape(1, config.contextLength()));
        return model;
    }

    /** Draws token ids (B, T). */
    NDArray tokens(Random random, int batch, int length, NDManager manager) {
        long[] ids = random.longs((long) batch * length, 0, config.vocabSize()).toArray();
        return manager.create(ids, new Shape(batch, length));
    }

    long parameterCount() {
        return config.parameterCount();
    }

    /** Returns how many weights a token's matrix products have, the output layer's left out. */
    long layerWeights() {
        GptModel model = new GptModel(config);
        return usedWeights(model) - size(model.tokenEmbedding());
    }

    /** Returns how many weights have to be read for a token: all but the vectors of positions. */
    long usedWeights() {
        return usedWeights(new GptModel(config));
    }

    private static long usedWeights(GptModel model) {
        return size(model) - model.positions().map(MeasuredModel::size).orElse(0L);
    }

    private static long size(Block block) {
        return block.getParameters().values().stream()
                .map(Parameter::getShape)
                .mapToLong(Shape::size)
                .sum();
    }
}
