package org.djlgpt.bench;

import org.djlgpt.model.WeightPrecision;

import java.util.List;

/** Writing text: the next token and the prompt before it, in every precision. */
final class GenerationSection implements Section {

    private static final double MILLISECONDS = 1e3;
    private static final int BATCH = 8;

    private final TextWriting float32;
    private final TextWriting bfloat16;
    private final TextWriting int8;
    private final Sampling sampling;
    private final LimitsSection machine;

    GenerationSection(Effort effort, LimitsSection machine) {
        float32 = TextWriting.gpt2(effort, WeightPrecision.FP32, 1);
        bfloat16 = TextWriting.gpt2(effort, WeightPrecision.BF16, 1);
        int8 = TextWriting.gpt2(effort, WeightPrecision.INT8, 1);
        sampling = effort.sampling();
        this.machine = machine;
    }

    @Override
    public List<Case> cases() {
        return List.of(
                row("float32, no cache *", true, new UncachedWriting(float32)),
                row("float32", false, float32),
                row("bfloat16", false, bfloat16),
                row("int8", false, int8),
                row("float32 x " + BATCH, false, float32.sideBySide(BATCH)),
                row("bfloat16 x " + BATCH, false, bfloat16.sideBySide(BATCH)),
                row("int8 x " + BATCH, false, int8.sideBySide(BATCH)));
    }

    private Case row(String name, boolean stock, Workload workload) {
        return new Case("generation", name, stock, sampling, workload);
    }

    @Override
    public String text(Results results) {
        return early(results) + "\n" + late(results);
    }

    private String early(Results results) {
        TextTable table =
                new TextTable(
                        "Writing with GPT-2 124M: a token after %d others"
                                .formatted(TextWriting.OPENING),
                        "",
                        "tokens/s",
                        "ms/step",
                        "of read limit",
                        "peak MiB");
        double limit = machine.limits(results).read();
        for (Case variant : cases()) {
            if (variant.workload() instanceof TextWriting job) {
                Outcome outcome = results.of(variant);
                double step = outcome.median(TextWriting.EARLY);
                table.row(
                        variant.name(),
                        TextTable.number(job.sequences() * MILLISECONDS / step, 1),
                        TextTable.number(step, 2),
                        TextTable.percent(job.weightBytes() * MILLISECONDS / step / limit),
                        TextTable.number(outcome.peakMebibytes(), 0));
            }
        }
        return table + "  of read limit: the bytes of all weights over the time of a step.\n";
    }

    private String late(Results results) {
        TextTable table =
                new TextTable(
                        "The same after a prompt of %d tokens".formatted(float32.promptLength()),
                        "",
                        "tokens/s",
                        "ms/step",
                        "ratio",
                        "prompt ms",
                        "of product limit");
        double one = results.of(cases().get(0)).median(TextWriting.TOKEN);
        for (Case variant : cases()) {
            Outcome outcome = results.of(variant);
            double step = outcome.median(TextWriting.TOKEN);
            int sequences = variant.workload() instanceof TextWriting job ? job.sequences() : 1;
            table.row(
                    variant.name(),
                    TextTable.number(sequences * MILLISECONDS / step, 1),
                    TextTable.number(step, 2),
                    TextTable.times(sequences * one / step),
                    TextTable.number(outcome.median(TextWriting.PROMPT), 0),
                    ofProductLimit(variant, outcome, machine.limits(results)));
            table.noteFailure(outcome);
        }
        return table + "  of product limit: 2 * weights of the layers * tokens of the prompt.\n";
    }

    private static String ofProductLimit(Case variant, Outcome outcome, Limits limits) {
        if (!(variant.workload() instanceof TextWriting job)) {
            return "";
        }
        double prompt = outcome.median(TextWriting.PROMPT);
        return TextTable.percent(
                job.promptProducts() * MILLISECONDS / prompt / job.productLimit(limits));
    }
}
