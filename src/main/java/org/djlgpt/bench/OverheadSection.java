package org.djlgpt.bench;

import java.util.List;

/** The part of a training step that does not depend on sizes. */
final class OverheadSection implements Section.Table {

    private static final TrainingJob JOB = TrainingJob.smallest();

    private final Sampling sampling;

    OverheadSection(Effort effort) {
        sampling = new Sampling(50, 50, effort.sampling().seconds());
    }

    @Override
    public List<Case> cases() {
        return List.of(of("float32", Operators.FLOAT32), of("bfloat16", Operators.BFLOAT16));
    }

    private Case of(String name, Operators operators) {
        return new Case("fixed overhead", name, false, sampling, new FastTraining(JOB, operators));
    }

    @Override
    public TextTable table() {
        return new TextTable(
                "Fixed overhead: step of a 1-layer, 64-dimension, 65-word model on 1 x 16 tokens",
                "ms/step",
                "peak MiB");
    }

    @Override
    public String[] cells(Case row, Results results) {
        Outcome outcome = results.of(row);
        return new String[] {
            TextTable.number(outcome.median(TrainingSection.STEP), 2),
            TextTable.number(outcome.peakMebibytes(), 0)
        };
    }
}
