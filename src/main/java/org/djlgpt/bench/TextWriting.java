package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.decoder.GptCache;
import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptModel;

import java.util.List;
import java.util.Random;

/**
 * A decoder at work: reading a prompt, and single tokens with few or all of the prompt in the
 * cache.
 *
 * @param config the model
 * @param precision what the weights are kept in
 * @param sequences how many are written side by side
 * @param promptLength the tokens before the one that is measured
 */
record TextWriting(Gpt2Config config, WeightPrecision precision, int sequences, int promptLength)
        implements Workload {

    static final String PROMPT = "prompt";
    static final String EARLY = "early token";
    static final String TOKEN = "token";

    /** The tokens before an early one. */
    static final int OPENING = 16;

    /** GPT-2 124M after as many tokens as it takes half of its context. */
    static TextWriting gpt2(Effort effort, WeightPrecision precision, int sequences) {
        int length = (int) effort.pick(512, 64);
        return new TextWriting(Gpt2Config.small(), precision, sequences, length);
    }

    /** So little that only what does not depend on size is left. */
    static TextWriting smallest(WeightPrecision precision) {
        Gpt2Config config =
                Gpt2Config.builder()
                        .setVocabSize(65)
                        .setContextLength(64)
                        .setEmbeddingDim(64)
                        .setNumHeads(4)
                        .setNumLayers(2)
                        .build();
        return new TextWriting(config, precision, 1, 32);
    }

    TextWriting sideBySide(int sequences) {
        return new TextWriting(config, precision, sequences, promptLength);
    }

    /** Returns the bytes of weights that have to be read for a token, whatever is computed. */
    double weightBytes() {
        long positions = (long) config.contextLength() * config.embeddingDim();
        long numbers = new GptModel(config).parameterCount() - positions;
        return switch (precision) {
            case FP32 -> 4.0 * numbers;
            case BF16 -> 2.0 * numbers;
            case INT8 -> numbers;
        };
    }

    /** Returns the operations of matrix products with weights that a prompt takes. */
    double promptProducts() {
        long ends = (long) (config.vocabSize() + config.contextLength()) * config.embeddingDim();
        long layers = new GptModel(config).parameterCount() - ends;
        return 2.0 * sequences * promptLength * layers;
    }

    /** Returns the operations that the machine can do a second in what products compute in. */
    double productLimit(Limits limits) {
        boolean wide = precision == WeightPrecision.FP32 || Double.isNaN(limits.bfloat16());
        return wide ? limits.float32() : limits.bfloat16();
    }

    @Override
    public List<Phase> prepare(NDManager manager) {
        GptDecoder decoder = decoder(manager);
        GptCache cache = decoder.newCache(manager, sequences);
        NDArray prompt = tokens(promptLength, manager);
        NDArray token = tokens(1, manager);
        return List.of(
                new Phase(
                        PROMPT,
                        () -> {
                            cache.reset();
                            decoder.next(prompt, cache).close();
                        }),
                new Phase(TOKEN, () -> after(promptLength, token, decoder, cache)),
                new Phase(EARLY, () -> after(OPENING, token, decoder, cache)));
    }

    private static void after(int length, NDArray token, GptDecoder decoder, GptCache cache) {
        cache.truncate(length);
        decoder.next(token, cache).close();
    }

    private GptDecoder decoder(NDManager manager) {
        if (precision == WeightPrecision.FP32) {
            return new GptDecoder(Models.random(config, manager), precision, manager);
        }
        try (NDManager loading = manager.newSubManager()) {
            return new GptDecoder(Models.random(config, loading), precision, manager);
        }
    }

    /** Draws token ids (B, T). */
    NDArray tokens(int length, NDManager manager) {
        Random random = new Random(0);
        long[] ids = random.longs((long) sequences * length, 0, config.vocabSize()).toArray();
        return manager.create(ids, new Shape(sequences, length));
    }
}
