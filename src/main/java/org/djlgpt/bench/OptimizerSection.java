package org.djlgpt.bench;

import java.util.List;

/** The optimizer alone, beside DJL's. */
final class OptimizerSection implements Section {

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
    public String text(Results results) {
        double limit = machine.limits(results).read();
        TextTable table =
                new TextTable(
                        "AdamW step over the parameters of GPT-2 124M",
                        "",
                        "ms",
                        "ratio",
                        "GB/s",
                        "of read limit",
                        "peak MiB");
        double reference = results.of(djl).median(TrainingSection.STEP);
        for (Case variant : cases()) {
            Outcome outcome = results.of(variant);
            double step = outcome.median(TrainingSection.STEP);
            double bytesPerSecond = 1e3 * OptimizerStep.bytes() / step;
            table.row(
                    variant.name(),
                    TextTable.number(step, 1),
                    TextTable.times(reference / step),
                    TextTable.number(bytesPerSecond / 1e9, 1),
                    TextTable.percent(bytesPerSecond / limit),
                    TextTable.number(outcome.peakMebibytes(), 0));
            table.noteFailure(outcome);
        }
        table.note(
                "GB/s counts 28 bytes a parameter, four reads and three writes of float32; a"
                        + " machine that");
        table.note("reads and writes at a time can exceed its limit for reading alone.");
        return table.toString();
    }
}
