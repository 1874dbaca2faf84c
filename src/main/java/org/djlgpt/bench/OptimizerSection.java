package org.djlgpt.bench;

import java.util.List;

/** The optimizer alone, beside DJL's. */
final class OptimizerSection implements Section.Table {

    private static final String NOTES =
            """
  GB/s counts 28 bytes a parameter, four reads and three writes of float32; a machine that
  reads and writes at a time can exceed its limit for reading alone.
""";

    private final LimitsSection machine;
    private final Case djl;
    private final Case fused;

    OptimizerSection(Effort effort, LimitsSection machine) {
        this.machine = machine;
        String section = "optimizer";
        Sampling sampling = effort.sampling();
        djl = new Case(section, "DJL AdamW *", true, sampling, new OptimizerStep(false));
        fused = new Case(section, "fused AdamW", false, sampling, new OptimizerStep(true));
    }

    @Override
    public List<Case> cases() {
        return List.of(djl, fused);
    }

    @Override
    public TextTable table() {
        return new TextTable(
                "AdamW step over the parameters of GPT-2 124M",
                "ms",
                "ratio",
                "GB/s",
                "of read limit",
                "peak MiB");
    }

    @Override
    public String[] cells(Case row, Results results) {
        Outcome outcome = results.of(row);
        double step = outcome.median(TrainingSection.STEP);
        double bytesPerSecond = 1e3 * OptimizerStep.bytes() / step;
        return new String[] {
            TextTable.number(step, 1),
            TextTable.times(results.of(djl).median(TrainingSection.STEP) / step),
            TextTable.number(bytesPerSecond / 1e9, 1),
            TextTable.percent(bytesPerSecond / machine.limits(results).read()),
            TextTable.number(outcome.peakMebibytes(), 0)
        };
    }

    @Override
    public String notes() {
        return NOTES;
    }
}
