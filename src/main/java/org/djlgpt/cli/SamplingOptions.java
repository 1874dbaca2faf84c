package org.djlgpt.cli;

import org.djlgpt.generation.Sampler;

import picocli.CommandLine.Option;

/** How the next token is chosen. */
final class SamplingOptions {

    @Option(
            names = "--temperature",
            paramLabel = "T",
            defaultValue = "0.8",
            description =
                    "below 1 safer, above 1 wilder, 0 always the likeliest token (default: 0.8)")
    private double temperature;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            description = "choose among the K likeliest tokens only (default: all)")
    private Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            defaultValue = "1",
            description =
                    "choose among the likeliest tokens that have probability P together (default:"
                            + " 1, all)")
    private double topP;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            defaultValue = "0",
            description =
                    "choose among tokens at least P times as likely as the likeliest (default: 0,"
                            + " all)")
    private double minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "X",
            defaultValue = "1",
            description = "above 1 makes tokens that came before less likely (default: 1)")
    private double repetitionPenalty;

    /** Penalty, temperature, top-k, top-p, min-p, in this order. */
    Sampler sampler() {
        Sampler kept = Sampler.random().minP(minP).topP(topP);
        Sampler likeliest = topK == null ? kept : kept.topK(topK);
        return likeliest.temperature(temperature).repetitionPenalty(repetitionPenalty);
    }
}
