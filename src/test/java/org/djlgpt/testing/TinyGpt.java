package org.djlgpt.testing;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Initialization;

/** Models that are small enough to train in a test. */
public final class TinyGpt {

    private TinyGpt() {}

    /** Returns a size: 2 heads and 1 layer, 16 dimensions, no dropout. */
    public static GptConfig.Builder size(int vocabSize, int contextLength) {
        return GptConfig.builder()
                .setVocabSize(vocabSize)
                .setContextLength(contextLength)
                .setEmbeddingDim(16)
                .setNumHeads(2)
                .setNumLayers(1);
    }

    /** Returns an initialized model whose parameters follow from a seed. */
    public static GptModel model(GptConfig config, int seed, NDManager manager) {
        GptModel model = new GptModel(config, Initialization.gpt2(config.numLayers()));
        Engine.getInstance().setRandomSeed(seed);
        model.initialize(manager, DataType.FLOAT32, new Shape(1, config.contextLength()));
        return model;
    }
}
