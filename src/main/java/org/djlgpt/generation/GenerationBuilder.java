package org.djlgpt.generation;

import org.djlgpt.nn.Checks;

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
     * Sets the engine's seed before each text, so that the same prompt gives the same text.
     *
     * @param seed any number; by default the generator goes on from where it is
     * @return this builder
     */
    public B optSeed(int seed) {
        this.seed = seed;
        return self();
    }

    void requireRules() {
        Checks.requirePositive("maxNewTokens", maxNewTokens);
        if (stopStrings.contains("")) {
            throw new IllegalArgumentException(
                    "a stop string is empty; leave it out, or give at least one character");
        }
    }
}
