package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

import org.djlgpt.model.GptModel;
import org.djlgpt.nn.AdamW;
import org.djlgpt.nn.Pass;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.Recording;

import java.util.List;
import java.util.Random;

/**
 * Training as {@link org.djlgpt.training.Pretraining} does it, clipped to a gradient norm of 1.
 *
 * @param job what is trained
 * @param operators what it computes with
 */
record FastTraining(TrainingJob job, Operators operators) implements Workload {

    @Override
    public List<Phase> prepare(NDManager manager) {
        GptModel model = Models.random(job.config(), manager);
        List<Parameter> parameters = model.getParameters().values();
        List<NDArray> weights = parameters.stream().map(Parameter::getArray).toList();
        AdamW optimizer = AdamW.builder().build();
        Random random = new Random(0);
        return List.of(
                new Phase(
                        TrainingSection.STEP,
                        () -> {
                            try (NDManager arrays = manager.newSubManager()) {
                                NDArray loss = loss(model, random, arrays);
                                NDList gradients = Gradients.of(loss, weights);
                                loss.getFloat();
                                double norm = Gradients.norm(gradients);
                                optimizer.step(parameters, gradients, Math.max(1, norm));
                            }
                        }));
    }

    private NDArray loss(GptModel model, Random random, NDManager arrays) {
        try (Recording on = Recording.on();
                Operators.Scope scope = operators.use()) {
            Pass pass = new Pass(new ParameterStore(arrays, false), true);
            NDArray tokens = job.tokens(random, arrays);
            return model.loss(tokens, job.tokens(random, arrays), pass);
        }
    }
}
