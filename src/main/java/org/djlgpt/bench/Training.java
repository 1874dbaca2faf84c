package org.djlgpt.bench;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.optimizer.Optimizer;

import org.djlgpt.model.GptModel;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.nn.Pass;
import org.djlgpt.training.Batches;
import org.djlgpt.training.StepHook;
import org.djlgpt.training.TrainingPlan;
import org.djlgpt.training.TrainingStep;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Random;

/**
 * Steps of a training: those of {@link org.djlgpt.training.TrainingLoop}, or with plain operators
 * an oracle's, which has nothing but what DJL brings: its operators, its gradient collector, its
 * AdamW, no clipping.
 *
 * @param model what is trained
 * @param batch the sequences B in a step
 * @param length the tokens T in a sequence
 * @param operators what it computes with
 * @param loraRank the rank of an adapter that alone is trained, or 0 for all parameters
 * @param workers the threads that a batch is split over
 */
record Training(
        MeasuredModel model, int batch, int length, Operators operators, int loraRank, int workers)
        implements Case.Workload {

    static final String STEP = "step";

    Training(MeasuredModel model, int batch, int length, Operators operators) {
        this(model, batch, length, operators, 0, 1);
    }

    Training with(Operators other) {
        return new Training(model, batch, length, other, loraRank, workers);
    }

    /** An adapter on all queries and values. */
    Training withLora(int rank) {
        return new Training(model, batch, length, operators, rank, workers);
    }

    Training withWorkers(int number) {
        return new Training(model, batch, length, operators, loraRank, number);
    }

    /** Returns what a step multiplies and adds for a parameter and a token. */
    int operations() {
        return loraRank == 0 ? 6 : 4; // forward 2, backward 2 for inputs and 2 for weights
    }

    int tokensPerStep() {
        return batch * length;
    }

    @Override
    public List<Case.Phase> prepare(NDManager manager) {
        GptModel block = loraRank == 0 ? model.create(manager) : adapted(manager);
        Random random = new Random(0);
        Batches batches =
                (arrays, number) -> new NDList(tokens(random, arrays), tokens(random, arrays));
        Runnable step =
                operators == Operators.PLAIN
                        ? oracle(block, batches, manager)
                        : step(block, batches, manager);
        return List.of(new Case.Phase(STEP, step));
    }

    private GptModel adapted(NDManager manager) {
        GptModel base = model.create(manager);
        if (operators == Operators.BFLOAT16) {
            Lora.freezeInBFloat16(base);
        }
        return Lora.adapt(base, LoraConfig.builder().setRank(loraRank).build(), manager);
    }

    private NDArray tokens(Random random, NDManager arrays) {
        return model.tokens(random, batch, length, arrays);
    }

    private Runnable step(GptModel block, Batches batches, NDManager manager) {
        TrainingPlan plan = TrainingPlan.builder().optWorkers(workers).build();
        TrainingStep training = new TrainingStep(block, manager, batches, plan, StepHook.NONE);
        int[] done = new int[1];
        return () -> {
            try (Operators.Scope scope = operators.use()) {
                training.run(done[0]++);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    private Runnable oracle(GptModel block, Batches batches, NDManager manager) {
        List<Parameter> parameters = block.getParameters().values();
        Optimizer optimizer = Optimizer.adamW().build();
        return () -> {
            try (NDManager arrays = manager.newSubManager()) {
                backward(block, batches.batch(arrays, 0), arrays);
            }
            parameters.forEach(parameter -> update(parameter, optimizer));
        };
    }

    private void backward(GptModel block, NDList tokens, NDManager arrays) {
        try (GradientCollector collector = Engine.getInstance().newGradientCollector();
                Operators.Scope plain = operators.use()) {
            Pass pass = new Pass(new ParameterStore(arrays, false), true);
            NDArray loss = block.loss(tokens.get(0), tokens.get(1), pass);
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
