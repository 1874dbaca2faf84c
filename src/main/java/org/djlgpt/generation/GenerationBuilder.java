package org.djlgpt.generation;

import java.util.List;

/**
 * What any text may be asked for: how its tokens are chosen, and when it ends.
 *
 * @param <B> the builder's own type
 */
public abstract class GenerationBuilder<B extends GenerationBuilder<B>> {

    Sampler sampler = Sampler.random();
    int maxNewTokens = 200;
    List<String> stopStrings = List.of();
    List<Integer> stopTokens = List.of();
    Integer seed;

    GenerationBuilder() {}

    abstract B self();

    /**
     * Sets how tokens are chosen.
     *
     * @param sampler {@link Sampler#random()} by default
     * @return this builder
     */
    public B optSampler(Sampler sampler) {
        this.sampler = sampler;
        return self();
    }

    /**
     * Sets the most tokens to generate.
     *
     * @param maxNewTokens at least 1, 200 by default
     * @return this builder
     */
    public B optMaxNewTokens(int maxNewTokens) {
        this.maxNewTokens = maxNewTokens;
        return self();
    }

    /**
     * Sets strings that end a text; the text ends before the first one that comes.
     *
     * @param strings not empty ones; none by default
     * @return this builder
     */
    public B optStopStrings(String... strings) {
        stopStrings = List.of(strings);
        return self();
    }

    /**
     * Sets tokens that end a text and are not part of it, beside the tokenizer's end-of-text token.
     *
     * @param ids token ids; none by default
     * @return this builder
     */
    public B optStopTokens(Integer... ids) {
        stopTokens = List.of(ids);
        return self();
    }

    /**
     * Sets what the chances of a text follow from, so that the same prompt gives the same text.
     *
     * @param seed any number; by default each text has one that the engine's generator draws
     * @return this builder
     */
    public B optSeed(int seed) {
        this.seed = seed;
        return self();
    }

    /** Takes over the rules of a request. */
    B with(TextRequest request) {
        sampler = request.sampler();
        maxNewTokens = request.maxNewTokens();
        stopStrings = request.stopStrings();
        stopTokens = request.stopTokens();
        seed = request.seed();
        return self();
    }

    TextRequest request(String prompt) {
        return new TextRequest(prompt, sampler, maxNewTokens, stopStrings, stopTokens, seed);
    }
}
