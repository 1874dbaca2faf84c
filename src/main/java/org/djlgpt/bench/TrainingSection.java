package org.djlgpt.bench;

import java.util.List;

/** Steps of a training: with what DJL brings, and the library's in both types. */
final class TrainingSection implements Section.Table {

    static final String STEP = "step";

    private static final double MILLISECONDS = 1e3;

    private final String title;
    private final TrainingJob job;
    private final LimitsSection machine;
    private final Case oracle;
    private final Case float32;
    private final Case bfloat16;

    private TrainingSection(
            String section, String model, TrainingJob job, Effort effort, LimitsSection machine) {
        this.job = job;
        this.machine = machine;
        title =
                "Training step, %s, %d x %d tokens, dropout 0"
                        .formatted(model, job.batch(), job.length());
        Sampling sampling = effort.sampling();
        oracle = new Case(section, "oracle *", true, sampling, new OracleTraining(job));
        float32 = new Case(section, "float32", false, sampling, fast(Operators.FLOAT32));
        bfloat16 = new Case(section, "bfloat16", false, sampling, fast(Operators.BFLOAT16));
    }

    private Workload fast(Operators operators) {
        return new FastTraining(job, operators);
    }

    static TrainingSection gpt2(Effort effort, LimitsSection machine) {
        return new TrainingSection(
                "GPT-2", "GPT-2 124M", TrainingJob.gpt2(effort), effort, machine);
    }

    static TrainingSection defaultJob(Effort effort, LimitsSection machine) {
        return new TrainingSection(
                "default job",
                "the default model of gpt train",
                TrainingJob.defaultJob(),
                effort,
                machine);
    }

    @Override
    public List<Case> cases() {
        return List.of(oracle, float32, bfloat16);
    }

    @Override
    public TextTable table() {
        return new TextTable(
                title,
                "tokens/s",
                "ms/step",
                "ratio",
                "peak MiB",
                "of oracle's",
                "of product limit");
    }

    @Override
    public String[] cells(Case row, Results results) {
        Outcome outcome = results.of(row);
        Outcome reference = results.of(oracle);
        Limits limits = machine.limits(results);
        double limit = row.equals(bfloat16) ? limits.bfloat16() : limits.float32();
        double step = outcome.median(STEP);
        double tokensPerSecond = MILLISECONDS * job.tokensPerStep() / step;
        double operations = 6.0 * job.parameterCount() * tokensPerSecond; // forward 2, backward 4
        return new String[] {
            TextTable.number(tokensPerSecond, 0),
            TextTable.number(step, 1),
            TextTable.times(reference.median(STEP) / step),
            TextTable.number(outcome.peakMebibytes(), 0),
            TextTable.percent(outcome.peakMebibytes() / reference.peakMebibytes()),
            TextTable.percent(operations / limit)
        };
    }
}
