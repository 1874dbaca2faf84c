package org.djlgpt.bench;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.optimizer.Optimizer;

import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Pass;

import java.util.List;
import java.util.Random;

/**
 * Training with what DJL brings: its operators, its gradient collector, its AdamW, no clipping.
 *
 * @param job what is trained
 */
record OracleTraining(TrainingJob job) implements Workload {

    @Override
    public List<Phase> prepare(NDManager manager) {
        GptModel model = Models.random(job.config(), manager);
        List<Parameter> parameters = model.getParameters().values();
        Optimizer optimizer = Optimizer.adamW().build();
        Random random = new Random(0);
        return List.of(
                new Phase(
                        TrainingSection.STEP,
                        () -> {
                            try (NDManager arrays = manager.newSubManager()) {
                                backward(model, random, arrays);
                            }
                            parameters.forEach(parameter -> update(parameter, optimizer));
                        }));
    }

    private void backward(GptModel model, Random random, NDManager arrays) {
        try (GradientCollector collector = Engine.getInstance().newGradientCollector();
                Operators.Scope plain = Operators.PLAIN.use()) {
            Pass pass = new Pass(new ParameterStore(arrays, false), true);
            NDArray tokens = job.tokens(random, arrays);
            NDArray loss = model.loss(tokens, job.tokens(random, arrays), pass);
            collector.backward(loss);
            loss.getFloat();
        }
    }

    /** The update sets the gradient to zero as well. */
    private static void update(Parameter parameter, Optimizer optimizer) {
        NDArray weight = parameter.getArray();
        try (NDArray gradient = weight.getGradient()) {
            optimizer.update(parameter.getId(), weight, gradient);
        }
    }
}
