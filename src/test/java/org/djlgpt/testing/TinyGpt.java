package org.djlgpt.testing;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import ai.djl.training.initializer.NormalInitializer;

import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.SeededInitializer;
import org.djlgpt.torch.Recording;

/** Models that are small enough to train in a test. */
public final class TinyGpt {

    private static final Initializer NOISE = new SeededInitializer(new NormalInitializer(0.2f));

    private TinyGpt() {}

    /** Returns a size: 2 heads and 1 layer, 16 dimensions, no dropout. */
    public static Gpt2Config.Builder size(int vocabSize, int contextLength) {
        return Gpt2Config.builder()
                .setVocabSize(vocabSize)
                .setContextLength(contextLength)
                .setEmbeddingDim(16)
                .setNumHeads(2)
                .setNumLayers(1);
    }

    /** Returns an initialized model whose parameters follow from a seed. */
    public static GptModel model(GptConfig config, int seed, NDManager manager) {
        GptModel model = new GptModel(config, Layers.gpt2(config.numLayers()));
        Engine.getInstance().setRandomSeed(seed);
        model.initialize(manager, DataType.FLOAT32, new Shape(1, config.contextLength()));
        return model;
    }

    /**
     * Returns an initialized model whose biases and norms are random too, and whose weights are
     * large enough to make its scores differ.
     */
    public static GptModel scrambled(GptConfig config, int seed, NDManager manager) {
        GptModel model = model(config, seed, manager);
        for (Parameter parameter : model.getParameters().values()) {
            NDArray array = parameter.getArray();
            try (Recording off = Recording.off();
                    NDArray noise = NOISE.initialize(manager, array.getShape(), DataType.FLOAT32)) {
                array.addi(noise);
            }
        }
        return model;
    }
}
