package org.djlgpt.training;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.AdamMoments;
import org.djlgpt.nn.DeferredChecks;
import org.djlgpt.nn.FusedAdamW;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.Scalar;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.Recording;
import org.djlgpt.torch.UpdateGuard;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;

/**
 * What a training does at each step: the gradients of some batches, then one update. A step follows
 * from the seed and its number, the parameters and the optimizer's moments, and from nothing else.
 * {@link TrainingLoop} is the loop around it; this is for a loop of one's own:
 *
 * <pre>{@code
 * Batches batches = Batches.shuffled(windows, plan.batchSize(), plan.seed());
 * try (TrainingStep training = new TrainingStep(model, manager, batches, plan, StepHook.NONE)) {
 *     for (int step = 0; step < 100; step++) {
 *         System.out.println(training.run(step).loss());
 *     }
 * }
 * }</pre>
 *
 * <p>On a GPU the host waits for a step once, at its end, to read loss and norm; whether they are
 * finite is decided on the GPU before. Batches are made on the host.
 *
 * <p>Inside {@link org.djlgpt.nn.Autocast#bfloat16()} it computes in bfloat16; parameters,
 * gradients and moments are float32. It belongs to one thread, and as the engine's generator is
 * seeded at each step, one training runs in a process at a time.
 */
public final class TrainingStep implements AutoCloseable {

    private final Block model;
    private final Objective objective;
    private final NDManager manager;
    private final Batches batches;
    private final TrainingPlan plan;
    private final StepHook hook;
    private final List<Parameter> parameters;
    private final List<NDArray> weights;
    private final FusedAdamW optimizer;
    private final Workers workers;
    private int step;

    /**
     * Makes the step of a training.
     *
     * @param model an initialized block from token ids (B, T) to logits (B, T, V); its parameters
     *     that require no gradient stay as they are
     * @param manager a manager on the device of the model's parameters
     * @param batches what is learned from, with ids that the model knows
     * @param plan how; of it counts what changes a step, but no batch size
     * @param hook takes part, or {@link StepHook#NONE}
     * @throws IllegalArgumentException if the model is not initialized, or all of it is frozen
     */
    public TrainingStep(
            Block model, NDManager manager, Batches batches, TrainingPlan plan, StepHook hook) {
        this(model, Objective.nextToken(), manager, batches, plan, hook);
    }

    /**
     * Makes the step of a training.
     *
     * @param model an initialized block that the objective can compute a loss with; its parameters
     *     that require no gradient stay as they are
     * @param objective what the step makes smaller
     * @param manager a manager on the device of the model's parameters
     * @param batches what is learned from, with ids that the model knows
     * @param plan how; of it counts what changes a step, but no batch size
     * @param hook takes part, or {@link StepHook#NONE}
     * @throws IllegalArgumentException if the model is not initialized, or all of it is frozen
     */
    public TrainingStep(
            Block model,
            Objective objective,
            NDManager manager,
            Batches batches,
            TrainingPlan plan,
            StepHook hook) {
        this(model, objective, manager, batches, plan, hook, plan.workers());
    }

    private TrainingStep(
            Block model,
            Objective objective,
            NDManager manager,
            Batches batches,
            TrainingPlan plan,
            StepHook hook,
            int numWorkers) {
        if (!model.isInitialized()) {
            throw new IllegalArgumentException(
                    "the model is not initialized; call initialize(manager, DataType.FLOAT32,"
                            + " shape) first");
        }
        this.model = model;
        this.objective = objective;
        this.manager = manager;
        this.batches = batches;
        this.plan = plan;
        this.hook = hook;
        parameters =
                model.getParameters().values().stream()
                        .filter(Parameter::requiresGradient)
                        .toList();
        if (parameters.isEmpty()) {
            throw new IllegalArgumentException(
                    "all parameters of the model are frozen; leave some of it to train");
        }
        weights = parameters.stream().map(Parameter::getArray).toList();
        optimizer =
                FusedAdamW.builder()
                        // by the step, not by the updates, of which skipped steps are none
                        .optLearningRateTracker((id, update) -> (float) rate())
                        .optWeightDecays((float) plan.weightDecay())
                        .optBeta1(plan.beta1())
                        .optBeta2(plan.beta2())
                        .build();
        workers = new Workers(numWorkers);
    }

    /**
     * Measures over how many threads a batch is best split: one, or as many as operators are spread
     * over now. Nothing of the model changes. The trial takes about a second, and at most 3 % of
     * the batches that the plan has. Nothing is compared, and batches should stay whole,
     *
     * <ul>
     *   <li>on a GPU, and where there is but one processor, or one thing in a batch
     *   <li>in a training of fewer than 300 batches, which is over before a trial pays
     *   <li>if the gradients of all threads would take more than 1 GiB
     *   <li>if the model draws at random, as dropout does: split, its losses would not repeat
     *   <li>if a batch takes more than half a second, so that its operators are large
     * </ul>
     *
     * <p>of which the last two cost a batch or two to find out.
     *
     * @param model as for the constructor
     * @param objective as for the constructor
     * @param manager as for the constructor
     * @param batches as for the constructor
     * @param plan how; its own number of workers does not count
     * @return the number of threads, 1 where another is less than 5 % faster; empty, which means 1
     *     too, if nothing was compared
     * @throws IllegalArgumentException as the constructor
     */
    public static OptionalInt fastestWorkers(
            Block model,
            Objective objective,
            NDManager manager,
            Batches batches,
            TrainingPlan plan) {
        return new WorkersTrial(manager, plan)
                .fastest(
                        count ->
                                new TrainingStep(
                                        model,
                                        objective,
                                        manager,
                                        batches,
                                        plan,
                                        StepHook.NONE,
                                        count));
    }

    /** Returns the seconds that the gradients of a batch take. */
    double trial() {
        long begin = System.nanoTime();
        try (NDManager trial = manager.newSubManager()) {
            NDList sums = null;
            for (Part part : learn(shares(0, trial), 1, trial)) {
                sums = add(sums, part.gradients(), trial);
            }
        }
        return (System.nanoTime() - begin) / 1e9;
    }

    /**
     * Does a step, unless its loss or gradient is not finite: then the report says so, and nothing
     * has changed.
     *
     * @param step the number of steps before
     * @return what the step was like
     * @throws IllegalArgumentException if its batches have nothing to learn
     * @throws IOException if the hook throws it
     */
    public StepReport run(int step) throws IOException {
        this.step = step;
        long begin = System.nanoTime();
        Engine.getInstance().setRandomSeed(plan.seed() + step);
        try (NDManager stepManager = manager.newSubManager();
                Recording off = Recording.off()) {
            NDList gradients = null;
            NDList losses = new NDList(); // in sum the mean
            long tokens = 0;
            List<List<Share>> all = batches(stepManager);
            long count = all.stream().flatMap(List::stream).mapToLong(Share::count).sum();
            if (count == 0) {
                throw new IllegalArgumentException(
                        "the batches of step %d have nothing to learn; leave such examples out"
                                .formatted(step + 1));
            }
            for (List<Share> batch : all) {
                for (Part part : learn(batch, count, stepManager)) {
                    gradients = add(gradients, part.gradients(), stepManager);
                    part.loss().attach(stepManager);
                    losses.add(part.loss());
                    part.manager().close();
                }
                tokens += batch.stream().mapToLong(Share::tokens).sum();
            }
            StepReport report = update(gradients, losses, tokens, begin);
            hook.afterUpdate(step, weights);
            return report;
        }
    }

    /** Decides on the device whether and how gradients change weights; then tells the host. */
    private StepReport update(NDList gradients, NDList losses, long tokens, long begin)
            throws IOException {
        NDList measured = losses;
        if (hook != StepHook.NONE) {
            double told = hook.afterGradients(step, sum(numbers(losses)), gradients);
            measured = new NDList(Scalar.of(told, losses.head()));
        }
        NDArray norm = Gradients.normArray(gradients);
        optimizer.step(parameters, gradients, UpdateGuard.of(measured, norm, plan.clipNorm()));
        measured.add(norm);
        float[] known = numbers(measured); // nothing before waits for a GPU
        double length = known[known.length - 1];
        double loss = sum(Arrays.copyOf(known, known.length - 1));
        if (Double.isFinite(loss) && Double.isFinite(length)) {
            optimizer.countUpdate(parameters);
        }
        double took = (System.nanoTime() - begin) / 1e9;
        return new StepReport(step + 1, loss, rate(), length, tokens, tokens / took);
    }

    private static float[] numbers(NDList scalars) {
        return NDArrays.stack(scalars).toFloatArray();
    }

    private static double sum(float... numbers) {
        double sum = 0;
        for (float number : numbers) {
            sum += number;
        }
        return sum;
    }

    private double rate() {
        return plan.learningRates().rate(step);
    }

    /** What a worker learns from: some rows of a batch, and how many predictions they have. */
    private record Share(NDList rows, long tokens, long count) {}

    /** What a share adds to the mean loss and to the gradients, and who owns what it took. */
    private record Part(NDArray loss, NDList gradients, NDManager manager) {}

    private List<List<Share>> batches(NDManager stepManager) {
        List<List<Share>> all = new ArrayList<>();
        for (int i = 0; i < plan.gradientAccumulation(); i++) {
            long number = (long) step * plan.gradientAccumulation() + i;
            all.add(shares(number, stepManager));
        }
        return all;
    }

    /**
     * Splits a batch over the workers, as evenly as can be. It is made and counted on the host, and
     * then moved.
     */
    private List<Share> shares(long number, NDManager owner) {
        NDManager host = owner.newSubManager(Device.cpu());
        NDList batch = batches.batch(host, number);
        long rows = batch.head().getShape().get(0);
        long count = Math.min(rows, workers.count());
        List<Share> shares = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            NDList share = rows(batch, i * rows / count, (i + 1) * rows / count);
            long counted = objective.count(share);
            NDList moved = share.toDevice(owner.getDevice(), false);
            shares.add(new Share(moved, share.head().size(), counted));
        }
        return shares;
    }

    private List<Part> learn(List<Share> shares, double count, NDManager stepManager) {
        List<Supplier<Part>> parts = new ArrayList<>();
        for (Share share : shares) {
            if (share.count() > 0) {
                NDManager owner = stepManager.newSubManager();
                share.rows().attach(owner);
                parts.add(() -> part(share.rows(), share.count() / count, owner));
            }
        }
        return workers.compute(parts);
    }

    private static NDList rows(NDList batch, long from, long to) {
        if (to - from == batch.head().getShape().get(0)) {
            return batch;
        }
        NDList rows = new NDList(batch.size());
        batch.forEach(array -> rows.add(array.get(from + ":" + to)));
        return rows;
    }

    private Part part(NDList batch, double weight, NDManager owner) {
        try (Recording on = Recording.on();
                DeferredChecks looks = DeferredChecks.open()) {
            Pass pass = new Pass(new ParameterStore(owner, false), true);
            NDArray mean = objective.loss(model, batch, pass);
            NDArray loss = weight == 1 ? mean : mean.mul(Scalar.of(weight, mean));
            return new Part(loss.stopGradient(), Gradients.of(loss, weights), owner);
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
        setUpdates(updates);
    }

    /**
     * Returns how many updates the weights have had.
     *
     * @return the number of steps done that were applied, those before {@link #setState} included
     */
    public int updates() {
        return moments().get(0).updates();
    }

    /**
     * Returns what the optimizer remembers, to read or to change piece by piece.
     *
     * @return the running means of the gradients, then those of their squares
     * @see #setUpdates
     */
    public FlatTensors optimizerState() {
        List<NDArray> arrays = new ArrayList<>();
        moments().forEach(moments -> arrays.add(moments.mean()));
        moments().forEach(moments -> arrays.add(moments.square()));
        return new FlatTensors(arrays);
    }

    /**
     * Says how many updates the means come from that {@link #optimizerState} has been given.
     *
     * @param updates at least 0
     * @throws IllegalArgumentException if it is negative
     */
    public void setUpdates(int updates) {
        for (AdamMoments moments : moments()) {
            moments.restore(moments.mean(), moments.square(), updates);
        }
    }

    private List<NDArray> stateArrays() {
        List<NDArray> arrays = new ArrayList<>(weights);
        arrays.addAll(optimizerState().arrays());
        return arrays;
    }

    private List<AdamMoments> moments() {
        return parameters.stream().map(optimizer::moments).toList();
    }

    /** Returns the parameters and moments, which the steps change. */
    TrainingTensors tensors() {
        return new TrainingTensors(model, optimizer);
    }

    /**
     * Says which values the parameters have that stay as they are.
     *
     * @return a short text that others have with the same values; empty if all are trained
     */
    public String frozenFingerprint() {
        return tensors().frozenSha256();
    }

    /** Frees the optimizer's moments, and ends the workers. */
    @Override
    public void close() {
        workers.close();
        optimizer.close();
    }
}
