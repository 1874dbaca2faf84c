package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;

import org.djlgpt.model.GptModel;
import org.djlgpt.torch.Recording;
import org.djlgpt.torch.TorchScript;

import java.util.List;
import java.util.Random;

/**
 * The arithmetic of a {@link Training} in libtorch alone: the operators of a step in two functions,
 * with no Java between them. What a step takes longer is spent in Java and on the way between.
 *
 * @param model a GPT-2 of one layer, as long as its context
 */
record ScriptedStep(MeasuredModel model) implements Case.Workload {

    private static final double RATE = 1e-3;

    @Override
    public List<Case.Phase> prepare(NDManager manager) {
        State state = new State(model.create(manager));
        Random random = new Random(0);
        int length = model.config().contextLength();
        Runnable step =
                () -> {
                    try (NDManager arrays = manager.newSubManager()) {
                        NDArray tokens = model.tokens(random, 1, length, arrays);
                        state.step(tokens, model.tokens(random, 1, length, arrays), RATE);
                    }
                };
        return List.of(new Case.Phase(Training.STEP, step));
    }

    /** What the steps change. */
    static final class State {

        private final TorchScript script = TorchScript.of(ScriptedStep.class, "step");
        private final long numHeads;
        private final NDList weights;
        private final NDList means;
        private final NDList squares;
        private long updates;

        State(GptModel model) {
            numHeads = model.config().numHeads();
            weights = new NDList();
            model.getParameters().values().stream().map(Parameter::getArray).forEach(weights::add);
            means = zerosLike(weights);
            squares = zerosLike(weights);
        }

        private static NDList zerosLike(NDList arrays) {
            NDList zeros = new NDList();
            arrays.forEach(array -> zeros.add(array.getManager().zeros(array.getShape())));
            return zeros;
        }

        /** Takes a step with tokens and targets (B, T), and returns the loss before it. */
        float step(NDArray tokens, NDArray targets, double rate) {
            NDList learned;
            try (Recording on = Recording.on()) {
                learned = script.callForList("learn", tokens, targets, weights, numHeads);
            }
            float loss = learned.remove(weights.size()).getFloat();
            updates++;
            script.execute("update", weights, learned, means, squares, updates, rate);
            return loss;
        }
    }
}
