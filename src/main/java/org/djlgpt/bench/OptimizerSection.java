package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.optimizer.Optimizer;

import org.djlgpt.nn.FusedAdamW;

import java.util.List;

/** The optimizer alone, beside DJL's. */
final class OptimizerSection {

    private static final String NOTES =
"""
  GB/s counts 28 bytes a parameter, four reads and three writes of float32; a machine that
  reads and writes at a time can exceed its limit for reading alone.
""";

    private static final MeasuredModel MODEL = MeasuredModel.gpt2();

    /** Of each parameter a step reads value, gradient and two moments, and writes all but one. */
    private static final double BYTES_PER_PARAMETER = (4 + 3) * Float.BYTES;

    private OptimizerSection() {}

    static Section of(Effort effort, MachineSection machine) {
        List<Case> cases =
                List.of(
                        row("DJL AdamW *", OptimizerSection::djl, effort),
                        row("fused AdamW", OptimizerSection::fused, effort));
        TextTable layout =
                new TextTable(
                        "AdamW step over the parameters of " + MODEL.name(),
                        "ms",
                        "ratio",
                        "GB/s",
                        "of read limit",
                        "peak MiB");
        return new Section.Table(
                layout,
                cases,
                (row, report) -> {
                    Outcome outcome = report.of(row);
                    double step = outcome.median(Training.STEP);
                    double bytes = BYTES_PER_PARAMETER * MODEL.parameterCount();
                    double bytesPerSecond = 1e3 * bytes / step;
                    return List.of(
                            TextTable.number(step, 1),
                            TextTable.times(report.of(cases.get(0)).median(Training.STEP) / step),
                            TextTable.number(bytesPerSecond / 1e9, 1),
                            TextTable.percent(bytesPerSecond / machine.limits(report).read()),
                            TextTable.number(outcome.peakMebibytes(), 0));
                },
                NOTES);
    }

    private static Case row(String name, Steps steps, Effort effort) {
        return new Case("optimizer", name, effort.sampling(), manager -> phases(steps, manager));
    }

    /** Makes steps of an optimizer. */
    private interface Steps {
        Runnable of(List<Parameter> parameters, NDList gradients);
    }

    private static List<Case.Phase> phases(Steps steps, NDManager manager) {
        List<Parameter> parameters = MODEL.create(manager).getParameters().values();
        NDList gradients = new NDList();
        for (Parameter parameter : parameters) {
            gradients.add(manager.randomNormal(parameter.getShape()));
        }
        return List.of(new Case.Phase(Training.STEP, steps.of(parameters, gradients)));
    }

    private static Runnable fused(List<Parameter> parameters, NDList gradients) {
        FusedAdamW optimizer = FusedAdamW.builder().build();
        return () -> optimizer.step(parameters, gradients);
    }

    private static Runnable djl(List<Parameter> parameters, NDList gradients) {
        Optimizer optimizer = Optimizer.adamW().build();
        return () -> {
            for (int i = 0; i < parameters.size(); i++) {
                Parameter parameter = parameters.get(i);
                NDArray weight = parameter.getArray();
                optimizer.update(parameter.getId(), weight, gradients.get(i));
            }
        };
    }
}
