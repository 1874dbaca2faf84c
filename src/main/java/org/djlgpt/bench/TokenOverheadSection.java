package org.djlgpt.bench;

import org.djlgpt.decoder.WeightPrecision;

import java.util.List;

/** The part of writing a token that does not depend on sizes. */
final class TokenOverheadSection implements Section.Table {

    private final Sampling sampling;

    TokenOverheadSection(Effort effort) {
        sampling = new Sampling(100, 100, effort.sampling().seconds());
    }

    @Override
    public List<Case> cases() {
        return List.of(
                of("float32", WeightPrecision.FP32),
                of("bfloat16", WeightPrecision.BF16),
                of("int8", WeightPrecision.INT8));
    }

    private Case of(String name, WeightPrecision precision) {
        return new Case("token overhead", name, false, sampling, new TokenOverhead(precision));
    }

    @Override
    public TextTable table() {
        return new TextTable(
                "Fixed overhead: writing a token with a 2-layer, 64-dimension, 65-word model",
                "ms/token",
                "in decoder",
                "around it");
    }

    @Override
    public String[] cells(Case row, Results results) {
        Outcome outcome = results.of(row);
        double token = outcome.median(TokenOverhead.TOKEN);
        double decoder = outcome.median(TokenOverhead.DECODER);
        return new String[] {
            TextTable.number(token, 3),
            TextTable.number(decoder, 3),
            TextTable.number(token - decoder, 3)
        };
    }
}
