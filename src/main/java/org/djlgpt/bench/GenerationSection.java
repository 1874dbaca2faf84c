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
        TextTable table =
                new TextTable(
                        "Writing text with GPT-2 124M after a prompt of %d tokens"
                                .formatted(float32.promptLength()),
                        "",
                        "tokens/s",
                        "ms/step",
                        "ratio",
                        "of read",
                        "prompt ms",
                        "of product",
                        "peak MiB");
        Outcome uncached = results.of(cases().get(0));
        for (Case variant : cases()) {
            row(table, variant, results.of(variant), uncached, machine.limits(results));
        }
        return table
                + "  of read: the bytes of all weights that a step needs, in its time, against"
                + " the\n"
                + "  limit for reading. of product: 2 * weights of the layers * tokens of the"
                + " prompt.\n";
    }

    private static void row(
            TextTable table, Case variant, Outcome outcome, Outcome uncached, Limits limits) {
        double step = outcome.median(TextWriting.TOKEN);
        if (variant.workload() instanceof TextWriting job) {
            double tokensPerSecond = job.sequences() * MILLISECONDS / step;
            double readPerSecond = job.weightBytes() * MILLISECONDS / step;
            double prompt = outcome.median(TextWriting.PROMPT);
            double productsPerSecond = job.promptProducts() * MILLISECONDS / prompt;
            double one = uncached.median(TextWriting.TOKEN) / MILLISECONDS;
            table.row(
                    outcome.row(),
                    TextTable.number(tokensPerSecond, 1),
                    TextTable.number(step, 2),
                    TextTable.times(tokensPerSecond * one),
                    TextTable.percent(readPerSecond / limits.read()),
                    TextTable.number(prompt, 0),
                    TextTable.percent(productsPerSecond / job.productLimit(limits)),
                    TextTable.number(outcome.peakMebibytes(), 0));
        } else {
            table.row(
                    outcome.row(),
                    TextTable.number(MILLISECONDS / step, 1),
                    TextTable.number(step, 2),
                    TextTable.times(1),
                    "",
                    "",
                    "",
                    TextTable.number(outcome.peakMebibytes(), 0));
        }
        table.noteFailure(outcome);
    }
}
