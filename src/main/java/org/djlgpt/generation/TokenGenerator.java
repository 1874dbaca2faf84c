package org.djlgpt.generation;

import ai.djl.ndarray.NDManager;

import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.GptModel;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntPredicate;

/**
 * Continues sequences of token ids, one token after the other, with a key/value cache. Several
 * threads may use a generator at once.
 */
public final class TokenGenerator {

    private final GptDecoder decoder;
    private final NDManager manager;
    private final Sampler sampler;

    /**
     * Makes a generator with a model's own weights.
     *
     * @param model an initialized model
     * @param manager a manager on the device of the model's parameters
     * @param sampler chooses each token
     */
    public TokenGenerator(GptModel model, NDManager manager, Sampler sampler) {
        this(new GptDecoder(model, WeightPrecision.FP32, manager), manager, sampler);
    }

    /**
     * Makes a generator.
     *
     * @param decoder the model, with weights in any precision
     * @param manager a manager on the device of the decoder
     * @param sampler chooses each token
     */
    public TokenGenerator(GptDecoder decoder, NDManager manager, Sampler sampler) {
        this.decoder = Objects.requireNonNull(decoder, "decoder");
        this.manager = Objects.requireNonNull(manager, "manager");
        this.sampler = Objects.requireNonNull(sampler, "sampler");
    }

    /**
     * Starts sequences that grow side by side, whatever the lengths of their prompts.
     *
     * @param prompts the ids to continue, each at least one; without any, sequences may be added
     * @return the sequences, to be closed
     * @throws IllegalArgumentException if a prompt is empty
     */
    public Decoding start(int[]... prompts) {
        Decoding decoding =
                new Decoding(decoder, manager, decoder.config().vocabSize(), new Speculation(null));
        for (int[] prompt : prompts) {
            decoding.add(sequence(prompt, Integer.MAX_VALUE, token -> true));
        }
        return decoding;
    }

    private TokenSequence sequence(int[] prompt, int maxNewTokens, IntPredicate listener) {
        return new TokenSequence(
                prompt, sampler, TokenSequence.newSeed(manager), maxNewTokens, listener);
    }

    /**
     * Generates tokens until a listener has enough, or the thread is interrupted.
     *
     * @param prompt the ids to continue, at least one, each below the vocabulary's size
     * @param maxNewTokens the most tokens to generate
     * @param listener takes each new token and says whether to go on
     * @return the new tokens
     * @throws IllegalArgumentException if the prompt is empty, an id is outside the vocabulary,
     *     {@code maxNewTokens} is below 1, or the model's scores are not finite
     */
    public int[] generate(int[] prompt, int maxNewTokens, IntPredicate listener) {
        TokenSequence sequence = sequence(prompt, maxNewTokens, listener);
        try (Decoding decoding = start()) {
            decoding.add(sequence);
            decoding.run();
        }
        return Arrays.copyOfRange(sequence.tokens(), prompt.length, sequence.length());
    }
}
