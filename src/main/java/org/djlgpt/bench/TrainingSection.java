package org.djlgpt.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Steps of a training, the library's in both types. They are compared with an oracle's, or with
 * those of another model, by what a parameter costs.
 */
final class TrainingSection {

    static final String PER_PARAMETER =
            "  ratio: to the same row of GPT-2, by what a parameter costs.\n";

    private static final String TO_ALL =
            "  ratio: to the same row of GPT-2, of which all parameters are trained.\n";

    private static final int LORA_RANK = 16;
    private static final double MILLISECONDS = 1e3;
    private static final String ORACLE = "oracle *";

    private TrainingSection() {}

    static Section.Table gpt2(Effort effort, MachineSection machine) {
        Training oracle = new Training(MeasuredModel.gpt2(), batch(effort), 256, Operators.PLAIN);
        return besideOracle("GPT-2", oracle, effort.sampling(), machine);
    }

    static Section.Table ofTrainCommand(Effort effort, MachineSection machine) {
        String section = "default job";
        Training oracle = new Training(MeasuredModel.ofTrainCommand(), 12, 64, Operators.PLAIN);
        Training split = oracle.with(Operators.FLOAT32).withWorkers(2);
        int compiled = (int) effort.pick(75, 1); // steps until Java has compiled what they run
        Case.Sampling sampling = effort.sampling().after(compiled);
        Case workers = new Case(section, "float32, 2 workers", sampling, split);
        return besideOracle(section, oracle, sampling, machine, workers);
    }

    private static int batch(Effort effort) {
        return (int) effort.pick(4, 1);
    }

    private static Section.Table besideOracle(
            String section,
            Training oracle,
            Case.Sampling sampling,
            MachineSection machine,
            Case... others) {
        List<Case> cases = new ArrayList<>();
        cases.add(new Case(section, ORACLE, sampling, oracle));
        cases.addAll(cases(section, oracle, sampling));
        cases.addAll(List.of(others));
        List<Case> references = cases.stream().map(row -> cases.get(0)).toList();
        return table("oracle's", cases, references, machine, "");
    }

    /** A Llama beside GPT-2. */
    static Section.Table llama(Effort effort, MachineSection machine, Section gpt2) {
        Training llama = new Training(MeasuredModel.llama(), batch(effort), 256, Operators.FLOAT32);
        List<Case> cases = cases("Llama", llama, effort.sampling());
        return table("GPT-2's", cases, inBothTypes(gpt2), machine, PER_PARAMETER);
    }

    /** Adapters on GPT-2 beside the training of all its parameters. */
    static Section.Table lora(Effort effort, MachineSection machine, Section gpt2) {
        Training job =
                new Training(MeasuredModel.gpt2(), batch(effort), 256, Operators.FLOAT32)
                        .withLora(LORA_RANK);
        return table(
                "all's", cases("LoRA", job, effort.sampling()), inBothTypes(gpt2), machine, TO_ALL);
    }

    private static List<Case> inBothTypes(Section section) {
        return section.cases().stream().filter(row -> !row.name().equals(ORACLE)).toList();
    }

    private static List<Case> cases(String section, Training job, Case.Sampling sampling) {
        Training float32 = job.with(Operators.FLOAT32);
        Training bfloat16 = job.with(Operators.BFLOAT16);
        return List.of(
                new Case(section, "float32", sampling, float32),
                new Case(section, "bfloat16", sampling, bfloat16));
    }

    private static Section.Table table(
            String whose,
            List<Case> cases,
            List<Case> references,
            MachineSection machine,
            String notes) {
        Training job = (Training) cases.get(0).workload();
        String title =
                "Training step, %s, %d x %d tokens, dropout 0%s"
                        .formatted(
                                job.model().name(),
                                job.batch(),
                                job.length(),
                                job.loraRank() == 0 ? "" : ", LoRA " + job.loraRank());
        TextTable layout =
                new TextTable(
                        title,
                        "tokens/s",
                        "ms/step",
                        "ratio",
                        "peak MiB",
                        "of " + whose,
                        "of product limit");
        Section.Figures figures =
                (row, report) -> figures(row, references.get(cases.indexOf(row)), report, machine);
        return new Section.Table(layout, cases, figures, notes);
    }

    private static List<String> figures(
            Case row, Case reference, BenchmarkReport report, MachineSection machine) {
        Training job = (Training) row.workload();
        Outcome outcome = report.of(row);
        Outcome other = report.of(reference);
        double step = outcome.median(Training.STEP);
        double tokensPerSecond = MILLISECONDS * job.tokensPerStep() / step;
        double parameters = job.model().parameterCount();
        double size = parameters / ((Training) reference.workload()).model().parameterCount();
        double operations = job.operations() * parameters * tokensPerSecond;
        return List.of(
                TextTable.number(tokensPerSecond, 0),
                TextTable.number(step, 1),
                TextTable.times(size * other.median(Training.STEP) / step),
                TextTable.number(outcome.peakMebibytes(), 0),
                TextTable.percent(outcome.peakMebibytes() / other.peakMebibytes()),
                TextTable.percent(operations / machine.limits(report).products(job.operators())));
    }
}
