package org.djlgpt.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Steps of a training, the library's in both types. They are compared with an oracle's, or with
 * those of another model, by what a parameter costs.
 */
final class TrainingSection implements Section.Table {

    static final String PER_PARAMETER =
            "  ratio: beside the same row of GPT-2, by what a parameter costs.\n";

    private static final double MILLISECONDS = 1e3;

    private final MachineSection machine;
    private final List<Case> cases;
    private final List<Case> references;
    private final String title;
    private final String reference;
    private final String notes;

    private TrainingSection(
            List<Case> cases,
            List<Case> references,
            String reference,
            String notes,
            MachineSection machine) {
        Training job = (Training) cases.get(0).workload();
        this.cases = cases;
        this.references = references;
        this.reference = reference;
        this.notes = notes;
        this.machine = machine;
        title =
                "Training step, %s, %d x %d tokens, dropout 0"
                        .formatted(job.model().name(), job.batch(), job.length());
    }

    static TrainingSection gpt2(Effort effort, MachineSection machine) {
        return besideOracle(effort, machine, "GPT-2", MeasuredModel.gpt2(), batch(effort), 256);
    }

    static TrainingSection ofTrainCommand(Effort effort, MachineSection machine) {
        MeasuredModel model = MeasuredModel.ofTrainCommand();
        return besideOracle(effort, machine, "default job", model, 12, 64);
    }

    private static TrainingSection besideOracle(
            Effort effort,
            MachineSection machine,
            String section,
            MeasuredModel model,
            int batch,
            int length) {
        Training oracle = new Training(model, batch, length, Operators.PLAIN);
        List<Case> cases = new ArrayList<>();
        cases.add(new Case(section, "oracle *", true, effort.sampling(), oracle));
        cases.addAll(cases(effort, section, model, batch, length));
        List<Case> references = cases.stream().map(row -> cases.get(0)).toList();
        return new TrainingSection(cases, references, "oracle's", "", machine);
    }

    /** A Llama beside the rows of another model. */
    static TrainingSection llama(Effort effort, MachineSection machine, TrainingSection gpt2) {
        List<Case> cases = cases(effort, "Llama", MeasuredModel.llama(), batch(effort), 256);
        List<Case> references = gpt2.cases.subList(1, gpt2.cases.size());
        return new TrainingSection(cases, references, "GPT-2's", PER_PARAMETER, machine);
    }

    private static int batch(Effort effort) {
        return (int) effort.pick(4, 1);
    }

    private static List<Case> cases(
            Effort effort, String section, MeasuredModel model, int batch, int length) {
        Training float32 = new Training(model, batch, length, Operators.FLOAT32);
        Training bfloat16 = new Training(model, batch, length, Operators.BFLOAT16);
        return List.of(
                new Case(section, "float32", false, effort.sampling(), float32),
                new Case(section, "bfloat16", false, effort.sampling(), bfloat16));
    }

    @Override
    public List<Case> cases() {
        return cases;
    }

    @Override
    public TextTable table() {
        return new TextTable(
                title,
                "tokens/s",
                "ms/step",
                "ratio",
                "peak MiB",
                "of " + reference,
                "of product limit");
    }

    @Override
    public String[] cells(Case row, BenchmarkReport report) {
        Training job = (Training) row.workload();
        Case other = references.get(cases.indexOf(row));
        Outcome outcome = report.of(row);
        Outcome beside = report.of(other);
        MachineSection.Limits limits = machine.limits(report);
        boolean narrow = job.operators() == Operators.BFLOAT16;
        double limit = narrow ? limits.bfloat16() : limits.float32();
        double step = outcome.median(Training.STEP);
        double tokensPerSecond = MILLISECONDS * job.tokensPerStep() / step;
        double parameters = job.model().parameterCount();
        double operations = 6 * parameters * tokensPerSecond; // forward 2, backward 4
        double size = parameters / ((Training) other.workload()).model().parameterCount();
        return new String[] {
            TextTable.number(tokensPerSecond, 0),
            TextTable.number(step, 1),
            TextTable.times(size * beside.median(Training.STEP) / step),
            TextTable.number(outcome.peakMebibytes(), 0),
            TextTable.percent(outcome.peakMebibytes() / beside.peakMebibytes()),
            TextTable.percent(operations / limit)
        };
    }

    @Override
    public String notes() {
        return notes;
    }
}
