package org.djlgpt.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.AdamMoments;
import org.djlgpt.nn.FusedAdamW;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.Scalar;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.Recording;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a training does at each step: the gradients of some batches, then one update. A step follows
 * from the seed and its number, the parameters and the optimizer's moments, and from nothing else.
 * {@link Pretraining} is the loop around it; this is for a loop of one's own:
 *
 * <pre>{@code
 * Batches batches = Batches.shuffled(windows, config.batchSize(), config.seed());
 * try (TrainingStep training = new TrainingStep(model, manager, batches, config, StepHook.NONE)) {
 *     for (int step = 0; step < 100; step++) {
 *         System.out.println(training.run(step).loss());
 *     }
 * }
 * }</pre>
 *
 * <p>Inside {@link org.djlgpt.nn.Autocast#bfloat16()} it computes in bfloat16; parameters,
 * gradients and moments are float32. It belongs to one thread, and as the engine's generator is
 * seeded at each step, one training runs in a process at a time.
 */
public final class TrainingStep implements AutoCloseable {

    private final Block model;
    private final NDManager manager;
    private final Batches batches;
    private final PretrainingConfig config;
    private final StepHook hook;
    private final List<Parameter> parameters;
    private final List<NDArray> weights;
    private final FusedAdamW optimizer;
    private int step;

    /**
     * Makes the step of a training.
     *
     * @param model an initialized block from token ids (B, T) to logits (B, T, V); its parameters
     *     that require no gradient stay as they are
     * @param manager a manager on the device of the model's parameters
     * @param batches what is learned from, with ids that the model knows
     * @param config how; of it counts what changes a step, but no batch size
     * @param hook takes part, or {@link StepHook#NONE}
     * @throws IllegalArgumentException if the model is not initialized
     */
    public TrainingStep(
            Block model,
            NDManager manager,
            Batches batches,
            PretrainingConfig config,
            StepHook hook) {
        if (!model.isInitialized()) {
            throw new IllegalArgumentException(
                    "the model is not initialized; call initialize(manager, DataType.FLOAT32,"
                            + " shape) first");
        }
        this.model = model;
        this.manager = manager;
        this.batches = batches;
        this.config = config;
        this.hook = hook;
        parameters =
                model.getParameters().values().stream()
                        .filter(Parameter::requiresGradient)
                        .toList();
        weights = parameters.stream().map(Parameter::getArray).toList();
        optimizer =
                FusedAdamW.builder()
                        // by the step, not by the updates, of which skipped steps are none
                        .optLearningRateTracker((id, update) -> (float) rate())
                        .optWeightDecays((float) config.weightDecay())
                        .optBeta1(config.beta1())
                        .optBeta2(config.beta2())
                        .build();
    }

    /**
     * Does a step, unless its loss or gradient is not finite: then the report says so, and nothing
     * has changed.
     *
     * @param step the number of steps before
     * @return what the step was like
     * @throws IOException if the hook throws it
     */
    public StepReport run(int step) throws IOException {
        this.step = step;
        long begin = System.nanoTime();
        Engine.getInstance().setRandomSeed(config.seed() + step);
        double loss = 0;
        double norm;
        long tokens = 0;
        try (NDManager stepManager = manager.newSubManager()) {
            NDList gradients = null;
            for (int i = 0; i < config.gradientAccumulation(); i++) {
                long number = (long) step * config.gradientAccumulation() + i;
                try (NDManager batchManager = stepManager.newSubManager()) {
                    NDList batch = batches.batch(batchManager, number);
                    NDArray part = loss(batch, batchManager);
                    gradients = add(gradients, Gradients.of(part, weights), stepManager);
                    loss += part.getFloat();
                    tokens += batch.get(1).size();
                }
            }
            loss = hook.afterGradients(step, loss, gradients);
            norm = Gradients.norm(gradients);
            if (Double.isFinite(loss) && Double.isFinite(norm)) {
                double excess = config.clipNorm() == 0 ? 0 : norm / config.clipNorm();
                optimizer.step(parameters, gradients, Math.max(1, excess));
            }
            hook.afterUpdate(step, weights);
        }
        double took = (System.nanoTime() - begin) / 1e9;
        return new StepReport(step + 1, loss, rate(), norm, tokens / took);
    }

    private double rate() {
        return config.schedule().rate(step);
    }

    private NDArray loss(NDList batch, NDManager batchManager) {
        try (Recording on = Recording.on()) {
            Pass pass = new Pass(new ParameterStore(batchManager, false), true);
            NDArray loss = Evaluation.loss(model, batch, pass);
            return loss.mul(Scalar.of(1.0 / config.gradientAccumulation(), loss));
        }
    }

    private static NDList add(NDList sums, NDList gradients, NDManager owner) {
        if (sums == null) {
            gradients.attach(owner);
            return gradients;
        }
        Gradients.add(sums, gradients);
        return sums;
    }

    /**
     * Returns what an update changes.
     *
     * @return the arrays of the parameters that require gradients, in the model's order
     */
    public List<NDArray> weights() {
        return weights;
    }

    /**
     * Returns everything that the next step follows from besides its number, as it is sent to
     * another process.
     *
     * @return the weights, then the running means of their gradients, then those of the squares, as
     *     {@link FlatTensors} gives them
     */
    public float[] state() {
        return new FlatTensors(stateArrays()).get();
    }

    /**
     * Takes over another training's state of the same model.
     *
     * @param state what {@link #state()} gives
     * @param updates how many updates the means come from
     * @throws IllegalArgumentException if it is not as long, or {@code updates} is negative
     */
    public void setState(float[] state, int updates) {
        new FlatTensors(stateArrays()).set(state);
        for (AdamMoments moments : moments()) {
            moments.restore(moments.mean(), moments.square(), updates);
        }
    }

    /**
     * Returns how many updates the weights have had.
     *
     * @return the number of steps done that were applied, those before {@link #setState} included
     */
    public int updates() {
        return moments().get(0).updates();
    }

    private List<NDArray> stateArrays() {
        List<NDArray> arrays = new ArrayList<>(weights);
        moments().forEach(moments -> arrays.add(moments.mean()));
        moments().forEach(moments -> arrays.add(moments.square()));
        return arrays;
    }

    private List<AdamMoments> moments() {
        return parameters.stream().map(optimizer::moments).toList();
    }

    /** Returns the parameters and moments, which the steps change. */
    TrainingTensors tensors() {
        return new TrainingTensors(model, optimizer);
    }

    /** Frees the optimizer's moments. */
    @Override
    public void close() {
        optimizer.close();
    }
}
