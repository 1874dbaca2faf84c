package org.djlgpt.generation;

import ai.djl.ndarray.NDManager;

import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Checks;

import java.util.Arrays;
import java.util.List;
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
     * @param prompts the ids to continue, at least one sequence of at least one id each
     * @return the sequences, to be closed
     * @throws IllegalArgumentException if there is no prompt or an empty one
     */
    public Decoding start(int[]... prompts) {
        return start(Arrays.stream(prompts).map(TokenGenerator::endless).toList());
    }

    private static TokenRow endless(int[] prompt) {
        return new TokenRow(prompt, Integer.MAX_VALUE, token -> true);
    }

    Decoding start(List<TokenRow> rows) {
        Checks.requirePositive("the number of prompts", rows.size());
        return new Decoding(decoder, manager, sampler, rows);
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
        Checks.requirePositive("maxNewTokens", maxNewTokens);
        try (Decoding decoding = start(List.of(new TokenRow(prompt, maxNewTokens, listener)))) {
            decoding.run();
            int[] tokens = decoding.tokens(0);
            return Arrays.copyOfRange(tokens, prompt.length, tokens.length);
        }
    }
}
