package org.djlgpt.bench;

import org.djlgpt.decoder.WeightPrecision;

import java.util.List;

/** Writing text: the next token and the prompt before it, in every precision. */
final class GenerationSection implements Section.Table {

    private static final String NOTES =
            """
  early, late: a step after few tokens and after the prompt; tokens/s and ratio are late.
  of read: the bytes of all weights over the time of an early step.
  of product: 2 * weights of the layers * tokens of the prompt.
""";

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
                row("no cache *", true, new UncachedWriting(float32)),
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
    public TextTable table() {
        return new TextTable(
                "Writing with GPT-2 124M: a token after %d others, and after a prompt of %d tokens"
                        .formatted(TextWriting.OPENING, float32.promptLength()),
                "early ms",
                "of read",
                "late ms",
                "tokens/s",
                "ratio",
                "prompt ms",
                "of product",
                "peak MiB");
    }

    @Override
    public String[] cells(Case row, Results results) {
        Outcome outcome = results.of(row);
        Limits limits = machine.limits(results);
        double early = outcome.median(TextWriting.EARLY);
        double late = outcome.median(TextWriting.TOKEN);
        double prompt = outcome.median(TextWriting.PROMPT);
        double alone = results.of(cases().get(0)).median(TextWriting.TOKEN);
        TextWriting job = row.workload() instanceof TextWriting writing ? writing : float32;
        double read = job.weightBytes() * MILLISECONDS / early;
        double products = job.promptProducts() * MILLISECONDS / prompt;
        return new String[] {
            TextTable.number(early, 2),
            TextTable.percent(read / limits.read()),
            TextTable.number(late, 2),
            TextTable.number(job.sequences() * MILLISECONDS / late, 1),
            TextTable.times(job.sequences() * alone / late),
            TextTable.number(prompt, 0),
            TextTable.percent(products / job.productLimit(limits)),
            TextTable.number(outcome.peakMebibytes(), 0)
        };
    }

    @Override
    public String notes() {
        return NOTES;
    }
}
