package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;

import org.djlgpt.decoder.GptCache;
import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.GptModel;
import org.djlgpt.torch.Recording;

import java.util.List;
import java.util.Random;

/**
 * A decoder at work: reading a prompt, and single tokens with few or all of the prompt in the
 * cache.
 *
 * @param model what writes
 * @param precision what the weights are kept in
 * @param sequences how many are written side by side
 * @param promptLength the tokens before the one that is measured
 */
record Writing(MeasuredModel model, WeightPrecision precision, int sequences, int promptLength)
        implements Case.Workload {

    static final String PROMPT = "prompt";
    static final String EARLY = "early token";
    static final String TOKEN = "token";

    /** The tokens before an early one. */
    static final int OPENING = 16;

    /** Returns the bytes of weights that have to be read for a token, whatever is computed. */
    double weightBytes() {
        return switch (precision) {
            case FP32 -> 4.0 * model.usedWeights();
            case BF16 -> 2.0 * model.usedWeights();
            case INT8 -> model.usedWeights();
        };
    }

    /** Returns the operations of matrix products with weights that a prompt takes. */
    double promptProducts() {
        return 2.0 * sequences * promptLength * model.layerWeights();
    }

    /** Returns the operations that the machine can do a second in what products compute in. */
    double productLimit(MachineSection.Limits limits) {
        boolean wide = precision == WeightPrecision.FP32 || Double.isNaN(limits.bfloat16());
        return wide ? limits.float32() : limits.bfloat16();
    }

    @Override
    public List<Case.Phase> prepare(NDManager manager) {
        GptDecoder decoder = decoder(manager);
        GptCache cache = decoder.newCache(manager, sequences);
        NDArray prompt = tokens(promptLength, manager);
        NDArray token = tokens(1, manager);
        return List.of(
                new Case.Phase(PROMPT, () -> after(0, prompt, decoder, cache)),
                new Case.Phase(TOKEN, () -> after(promptLength, token, decoder, cache)),
                new Case.Phase(EARLY, () -> after(OPENING, token, decoder, cache)));
    }

    /** The next token by a forward pass of the model over everything before it. */
    List<Case.Phase> withoutCache(NDManager manager) {
        GptModel block = model.create(manager);
        NDArray tokens = tokens(promptLength + 1, manager);
        return List.of(
                new Case.Phase(
                        TOKEN,
                        () -> {
                            try (Recording off = Recording.off();
                                    NDManager step = manager.newSubManager()) {
                                ParameterStore store = new ParameterStore(step, false);
                                block.forward(store, new NDList(tokens), false).close();
                            }
                        }));
    }

    private static void after(int length, NDArray tokens, GptDecoder decoder, GptCache cache) {
        cache.truncate(length);
        decoder.next(tokens, cache).close();
    }

    private GptDecoder decoder(NDManager manager) {
        if (precision == WeightPrecision.FP32) {
            return new GptDecoder(model.create(manager), precision, manager);
        }
        try (NDManager loading = manager.newSubManager()) {
            return new GptDecoder(model.create(loading), precision, manager);
        }
    }

    private NDArray tokens(int length, NDManager manager) {
        return model.tokens(new Random(0), sequences, length, manager);
    }
}
