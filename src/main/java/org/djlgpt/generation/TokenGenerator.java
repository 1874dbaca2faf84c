package org.djlgpt.generation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.training.ParameterStore;

import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Inputs;
import org.djlgpt.torch.Recording;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntPredicate;

/**
 * Continues a sequence of token ids, one token after the other. Where the sequence is longer than
 * the model's context, the model sees its last {@code contextLength} tokens.
 */
public final class TokenGenerator {

    private final GptModel model;
    private final NDManager manager;
    private final Sampler sampler;

    /**
     * Makes a generator.
     *
     * @param model an initialized model
     * @param manager a manager on the device of the model's parameters
     * @param sampler chooses each token
     */
    public TokenGenerator(GptModel model, NDManager manager, Sampler sampler) {
        this.model = Objects.requireNonNull(model, "model");
        this.manager = Objects.requireNonNull(manager, "manager");
        this.sampler = Objects.requireNonNull(sampler, "sampler");
    }

    /**
     * Generates tokens until a listener has enough.
     *
     * @param prompt the ids to continue, at least one, each below the vocabulary's size
     * @param maxNewTokens the most tokens to generate
     * @param listener takes each new token and says whether to go on
     * @return the new tokens
     * @throws IllegalArgumentException if the prompt is empty, an id is outside the vocabulary,
     *     {@code maxNewTokens} is below 1, or the model's scores are not finite
     */
    public int[] generate(int[] prompt, int maxNewTokens, IntPredicate listener) {
        Inputs.requirePositive("maxNewTokens", maxNewTokens);
        if (prompt.length == 0) {
            throw new IllegalArgumentException(
                    "the prompt has 0 tokens, but needs at least 1 to continue; give some text");
        }
        int[] tokens = prompt.clone();
        int length = prompt.length;
        boolean goesOn = true;
        while (goesOn && length - prompt.length < maxNewTokens) {
            int token = next(tokens, length);
            tokens = length < tokens.length ? tokens : Arrays.copyOf(tokens, 2 * length);
            tokens[length++] = token;
            goesOn = listener.test(token);
        }
        return Arrays.copyOfRange(tokens, prompt.length, length);
    }

    private int next(int[] tokens, int length) {
        int from = Math.max(0, length - model.config().contextLength());
        try (Recording off = Recording.off();
                NDManager step = manager.newSubManager()) {
            NDArray context = step.create(Arrays.copyOfRange(tokens, from, length)).expandDims(0);
            NDArray logits =
                    model.forward(new ParameterStore(step, false), new NDList(context), false)
                            .singletonOrThrow(); // (1, T, V)
            NDArray last = logits.get(new NDIndex(":, -1")); // (1, V)
            requireFinite(last.max().getFloat());
            return (int) sampler.sample(last).getLong();
        }
    }

    private static void requireFinite(float highestScore) {
        if (!Float.isFinite(highestScore)) {
            throw new IllegalArgumentException(
                    ("the model's highest score is %s, but must be finite; its weights are"
                                    + " damaged, load or train it again")
                            .formatted(highestScore));
        }
    }
}
