package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.optimizer.Optimizer;

import org.djlgpt.nn.AdamW;

import java.util.List;

/**
 * Steps of AdamW over the parameters of GPT-2 124M.
 *
 * @param fused whether the library's optimizer takes them, or DJL's
 */
record OptimizerStep(boolean fused) implements Workload {

    private static final TrainingJob JOB = TrainingJob.gpt2(Effort.QUICK);

    /** Of each parameter a step reads value, gradient and two moments, and writes all but one. */
    static double bytes() {
        return (4.0 + 3.0) * Float.BYTES * JOB.parameterCount();
    }

    @Override
    public List<Phase> prepare(NDManager manager) {
        List<Parameter> parameters = Models.random(JOB.config(), manager).getParameters().values();
        NDList gradients = new NDList();
        for (Parameter parameter : parameters) {
            gradients.add(manager.randomNormal(parameter.getShape()));
        }
        return List.of(
                new Phase(
                        TrainingSection.STEP,
                        fused ? fusedStep(parameters, gradients) : djlStep(parameters, gradients)));
    }

    private static Runnable fusedStep(List<Parameter> parameters, NDList gradients) {
        AdamW optimizer = AdamW.builder().build();
        return () -> optimizer.step(parameters, gradients, 1);
    }

    private static Runnable djlStep(List<Parameter> parameters, NDList gradients) {
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
