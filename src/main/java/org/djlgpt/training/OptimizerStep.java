package org.djlgpt.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.AdamW;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.Scalar;
import org.djlgpt.text.SeededShuffle;
import org.djlgpt.text.TokenWindows;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.Recording;

import java.util.List;

/**
 * What a training does at each step: the gradients of some batches, then one update. A step follows
 * from the seed and its number, the parameters and the optimizer's moments, and from nothing else.
 */
final class OptimizerStep implements AutoCloseable {

    private final Block model;
    private final NDManager manager;
    private final TokenWindows windows;
    private final TrainingConfig config;
    private final SeededShuffle order;
    private final List<Parameter> parameters;
    private final List<NDArray> weights;
    private final AdamW optimizer;
    private int step;

    OptimizerStep(Block model, NDManager manager, TokenWindows windows, TrainingConfig config) {
        this.model = model;
        this.manager = manager;
        this.windows = windows;
        this.config = config;
        boolean fillsABatch = windows.size() >= config.batchSize();
        order = new SeededShuffle(config.batchSize(), config.seed(), fillsABatch);
        parameters =
                model.getParameters().values().stream()
                        .filter(Parameter::requiresGradient)
                        .toList();
        weights = parameters.stream().map(Parameter::getArray).toList();
        optimizer =
                AdamW.builder()
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
     */
    StepReport run(int step) {
        this.step = step;
        long begin = System.nanoTime();
        Engine.getInstance().setRandomSeed(config.seed() + step);
        double loss = 0;
        double norm;
        try (NDManager stepManager = manager.newSubManager()) {
            NDList gradients = null;
            for (int i = 0; i < config.gradientAccumulation(); i++) {
                long batch = (long) step * config.gradientAccumulation() + i;
                try (NDManager batchManager = stepManager.newSubManager()) {
                    NDArray part = loss(batch, batchManager);
                    gradients = add(gradients, Gradients.of(part, weights), stepManager);
                    loss += part.getFloat();
                }
            }
            norm = Gradients.norm(gradients);
            if (Double.isFinite(loss) && Double.isFinite(norm)) {
                double excess = config.clipNorm() == 0 ? 0 : norm / config.clipNorm();
                optimizer.step(parameters, gradients, Math.max(1, excess));
            }
        }
        double took = (System.nanoTime() - begin) / 1e9;
        return new StepReport(step + 1, loss, rate(), norm, tokens() / took);
    }

    private double rate() {
        return config.schedule().rate(step);
    }

    private NDArray loss(long batchNumber, NDManager batchManager) {
        try (Recording on = Recording.on()) {
            NDList batch = windows.batch(batchManager, indices(batchNumber));
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

    private long[] indices(long batchNumber) {
        long size = windows.size();
        long batches = order.batchesPerEpoch(size);
        return order.batch(size, batchNumber / batches, batchNumber % batches);
    }

    /** Returns how many tokens a step learns from. */
    double tokens() {
        double batch = Math.min(config.batchSize(), windows.size());
        return batch * config.gradientAccumulation() * windows.contextLength();
    }

    /** Returns the parameters and moments, which the steps change. */
    TrainingTensors tensors() {
        return new TrainingTensors(model, optimizer);
    }

    @Override
    public void close() {
        optimizer.close();
    }
}
