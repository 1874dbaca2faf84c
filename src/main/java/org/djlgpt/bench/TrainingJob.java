package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptModel;

import java.util.Random;

/**
 * A model and the batches that it is trained on: random tokens, which cost as much as any others.
 *
 * @param config the model
 * @param batch the sequences B in a step
 * @param length the tokens T in a sequence
 */
record TrainingJob(Gpt2Config config, int batch, int length) {

    static TrainingJob gpt2(Effort effort) {
        Gpt2Config config = Gpt2Config.small().toBuilder().optDropout(0).build();
        return new TrainingJob(config, (int) effort.pick(4, 1), 256);
    }

    /** What {@code gpt train} trains when it is told nothing. */
    static TrainingJob defaultJob() {
        return new TrainingJob(config(103, 4, 128, 64), 12, 64);
    }

    /** So little that only what does not depend on size is left. */
    static TrainingJob smallest() {
        return new TrainingJob(config(65, 1, 64, 16), 1, 16);
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

    int tokensPerStep() {
        return batch * length;
    }

    long parameterCount() {
        return new GptModel(config).parameterCount();
    }

    /** Draws token ids (B, T). */
    NDArray tokens(Random random, NDManager manager) {
        long[] ids = random.longs(tokensPerStep(), 0, config.vocabSize()).toArray();
        return manager.create(ids, new Shape(batch, length));
    }
}
