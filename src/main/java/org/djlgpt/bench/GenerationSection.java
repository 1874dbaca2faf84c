package org.djlgpt.bench;

import org.djlgpt.decoder.WeightPrecision;

import java.util.List;

/**
 * Writing text: the next token and the prompt before it, in every precision. One sequence is
 * compared with writing without a cache, or with another model by what a parameter costs.
 */
final class GenerationSection implements Section.Table {

    private static final String NOTES =
            """
  early, late: a step after few tokens and after the prompt; tokens/s and ratio are late.
  of read: the bytes of all weights over the time of an early step.
  of product: 2 * weights of the layers * tokens of the prompt.
""";

    private static final double MILLISECONDS = 1e3;
    private static final int BATCH = 8;

    private final MachineSection machine;
    private final String title;
    private final List<Case> cases;
    private final List<Writing> jobs;
    private final List<Case> references;
    private final double size;
    private final String notes;

    private GenerationSection(
            String title,
            List<Case> cases,
            List<Writing> jobs,
            List<Case> references,
            double size,
            String notes,
            MachineSection machine) {
        this.title = title;
        this.cases = cases;
        this.jobs = jobs;
        this.references = references;
        this.size = size;
        this.notes = notes;
        this.machine = machine;
    }

    static GenerationSection gpt2(Effort effort, MachineSection machine) {
        MeasuredModel model = MeasuredModel.gpt2();
        Writing float32 = job(effort, model, WeightPrecision.FP32, 1);
        Writing bfloat16 = job(effort, model, WeightPrecision.BF16, 1);
        Writing int8 = job(effort, model, WeightPrecision.INT8, 1);
        Writing float32s = job(effort, model, WeightPrecision.FP32, BATCH);
        Writing bfloat16s = job(effort, model, WeightPrecision.BF16, BATCH);
        Writing int8s = job(effort, model, WeightPrecision.INT8, BATCH);
        String section = "generation";
        Sampling sampling = effort.sampling();
        List<Case> cases =
                List.of(
                        new Case(section, "no cache *", true, sampling, float32::withoutCache),
                        new Case(section, "float32", false, sampling, float32),
                        new Case(section, "bfloat16", false, sampling, bfloat16),
                        new Case(section, "int8", false, sampling, int8),
                        new Case(section, "float32 x " + BATCH, false, sampling, float32s),
                        new Case(section, "bfloat16 x " + BATCH, false, sampling, bfloat16s),
                        new Case(section, "int8 x " + BATCH, false, sampling, int8s));
        return new GenerationSection(
                title(float32),
                cases,
                List.of(float32, float32, bfloat16, int8, float32s, bfloat16s, int8s),
                cases.stream().map(row -> cases.get(0)).toList(),
                1,
                NOTES,
                machine);
    }

    /** A Llama beside the rows of another model with one sequence. */
    static GenerationSection llama(Effort effort, MachineSection machine, GenerationSection gpt2) {
        MeasuredModel model = MeasuredModel.llama();
        Writing float32 = job(effort, model, WeightPrecision.FP32, 1);
        Writing bfloat16 = job(effort, model, WeightPrecision.BF16, 1);
        Writing int8 = job(effort, model, WeightPrecision.INT8, 1);
        String section = "Llama generation";
        Sampling sampling = effort.sampling();
        return new GenerationSection(
                title(float32),
                List.of(
                        new Case(section, "float32", false, sampling, float32),
                        new Case(section, "bfloat16", false, sampling, bfloat16),
                        new Case(section, "int8", false, sampling, int8)),
                List.of(float32, bfloat16, int8),
                gpt2.cases.subList(1, 4),
                (double) model.usedWeights() / gpt2.jobs.get(0).model().usedWeights(),
                NOTES + TrainingSection.PER_PARAMETER,
                machine);
    }

    private static Writing job(
            Effort effort, MeasuredModel model, WeightPrecision precision, int sequences) {
        return new Writing(model, precision, sequences, (int) effort.pick(512, 64));
    }

    private static String title(Writing job) {
        return "Writing with %s: a token after %d others, and after a prompt of %d tokens"
                .formatted(job.model().name(), Writing.OPENING, job.promptLength());
    }

    @Override
    public List<Case> cases() {
        return cases;
    }

    @Override
    public TextTable table() {
        return new TextTable(
                title,
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
    public String[] cells(Case row, BenchmarkReport report) {
        Writing job = jobs.get(cases.indexOf(row));
        Outcome outcome = report.of(row);
        MachineSection.Limits limits = machine.limits(report);
        double early = outcome.median(Writing.EARLY);
        double late = outcome.median(Writing.TOKEN);
        double prompt = outcome.median(Writing.PROMPT);
        double alone = report.of(references.get(cases.indexOf(row))).median(Writing.TOKEN);
        double read = job.weightBytes() * MILLISECONDS / early;
        double products = job.promptProducts() * MILLISECONDS / prompt;
        return new String[] {
            TextTable.number(early, 2),
            TextTable.percent(read / limits.read()),
            TextTable.number(late, 2),
            TextTable.number(job.sequences() * MILLISECONDS / late, 1),
            TextTable.times(size * job.sequences() * alone / late),
            TextTable.number(prompt, 0),
            TextTable.percent(products / job.productLimit(limits)),
            TextTable.number(outcome.peakMebibytes(), 0)
        };
    }

    @Override
    public String notes() {
        return notes;
    }
}
