package org.djlgpt.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;

import org.djlgpt.data.TrainingSet;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.FusedLikelihood;
import org.djlgpt.nn.IllegalParameterException;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.Scalar;
import org.djlgpt.torch.Recording;

import java.util.stream.LongStream;

/**
 * Direct preference optimization (Rafailov et al., "Direct Preference Optimization: Your Language
 * Model is Secretly a Reward Model", 2023, equation 7): of two answers to a prompt, the model is to
 * prefer the better one, without going far from a reference that stays as it is.
 *
 * <p>The reward of an answer is beta (log π(answer) - log π<sub>ref</sub>(answer)), and the loss of
 * a pair is -log σ(reward of the chosen answer - reward of the rejected one): log 2 for the
 * reference itself. Gradients reach the model alone. Neither drops anything, as in Hugging Face's
 * TRL, so that only what was learnt tells them apart.
 *
 * <p>The reference needs no memory of its own where an adapter is trained: it is the model that the
 * adapter was put on.
 *
 * <pre>{@code
 * GptModel base = ModelDirectory.load(folder, manager);
 * GptModel model = Lora.adapt(base, LoraConfig.builder().setRank(16).build(), manager);
 * TrainingLoop.builder()
 *         .setModel(model).setManager(manager).setData(preferences, heldOut)
 *         .optObjective(PreferenceOptimization.dpo(base, 0.1))
 *         .build().run();
 * }</pre>
 *
 * <p>A batch is token ids (B, 2, T) and the ids that follow them (B, 2, T), both INT64, the chosen
 * answer before the rejected one and {@link CrossEntropy#IGNORED} where no answer is; {@code
 * org.djlgpt.tuning.PreferenceSet} gives such batches.
 */
public final class PreferenceOptimization implements Objective {

    /** The usual {@code beta}, that of the paper's experiments with dialogues. */
    public static final double BETA = 0.1;

    /**
     * How a model tells answers apart.
     *
     * @param accuracy for which share of pairs the chosen answer has the higher reward
     * @param chosenReward the mean reward of chosen answers, in nats; 0 for the reference
     * @param rejectedReward that of rejected answers
     */
    public record Rewards(double accuracy, double chosenReward, double rejectedReward) {

        /**
         * Returns by how much the chosen answers are ahead.
         *
         * @return the difference of the mean rewards, in nats
         */
        public double margin() {
            return chosenReward - rejectedReward;
        }
    }

    private final Block reference;
    private final double beta;

    private PreferenceOptimization(Block reference, double beta) {
        this.reference = reference;
        this.beta = beta;
    }

    /**
     * Makes the objective.
     *
     * @param reference an initialized block like the model that is trained, from token ids (B, T)
     *     to logits (B, T, V), such as the base of its adapter; it is not changed
     * @param beta how much an answer must gain against the reference to count, positive: the
     *     smaller, the further the model may go; {@link #BETA} is usual
     * @return the objective, whose mean is that of pairs
     * @throws IllegalArgumentException if the reference is not initialized, or beta not positive
     *     and finite
     */
    public static PreferenceOptimization dpo(Block reference, double beta) {
        if (!(beta > 0 && beta < Double.POSITIVE_INFINITY)) {
            throw new IllegalParameterException(
                    "{beta}=%s must be positive and finite; use %s", beta, BETA);
        }
        if (!reference.isInitialized()) {
            throw new IllegalArgumentException(
                    "the reference is not initialized; give the model that training starts from");
        }
        return new PreferenceOptimization(reference, beta);
    }

    @Override
    public NDArray loss(Block model, NDList batch, Pass pass) {
        NDArray rewards = rewards(model, batch, pass); // (B, 2)
        NDArray margins = rewards.get(":, 0").sub(rewards.get(":, 1")); // (B)
        return Activation.softPlus(margins.neg()).mean(); // -log sigmoid
    }

    @Override
    public long count(NDList batch) {
        return batch.head().size(0);
    }

    @Override
    public void requireFit(Block model, TrainingSet set) {
        Objective.super.requireFit(model, set);
        Objective.super.requireFit(reference, set);
        if (model == reference) {
            throw new IllegalArgumentException(
                    "the reference is the model that is trained; put an adapter on it, or load it"
                            + " twice");
        }
    }

    /**
     * Measures how a model tells the answers of a set apart.
     *
     * @param model what was trained, or is being
     * @param set pairs, all of which are read
     * @param manager a manager on the device to compute on
     * @param batchSize how many pairs are computed at once
     * @return accuracy and rewards
     */
    public Rewards rewards(Block model, TrainingSet set, NDManager manager, int batchSize) {
        double[] sums = new double[2];
        long preferred = 0;
        for (long from = 0; from < set.size(); from += batchSize) {
            long to = Math.min(from + batchSize, set.size());
            try (Recording off = Recording.off();
                    NDManager batchManager = manager.newSubManager()) {
                NDList batch = set.batch(batchManager, LongStream.range(from, to).toArray());
                Pass pass = new Pass(new ParameterStore(batchManager, false), false);
                float[] rewards = rewards(model, batch, pass).toFloatArray();
                for (int i = 0; i < rewards.length; i += 2) {
                    sums[0] += rewards[i];
                    sums[1] += rewards[i + 1];
                    preferred += rewards[i] > rewards[i + 1] ? 1 : 0;
                }
            }
        }
        double pairs = set.size();
        return new Rewards(preferred / pairs, sums[0] / pairs, sums[1] / pairs);
    }

    private NDArray rewards(Block model, NDList batch, Pass pass) {
        Shape pairs = batch.head().getShape(); // (B, 2, T)
        if (pairs.dimension() != 3 || pairs.get(1) != 2) {
            throw new IllegalArgumentException(
                    "preferences need pairs of answers (B, 2, T), but the batch has shape %s; give a PreferenceSet"
                            .formatted(pairs));
        }
        NDArray tokens = batch.get(0).reshape(-1, pairs.get(2)); // (2B, T)
        NDArray targets = batch.get(1).reshape(-1, pairs.get(2)); // (2B, T)
        Pass exact = new Pass(pass.parameters(), false);
        NDArray known;
        try (Recording off = Recording.off()) {
            known = logLikelihoods(reference, tokens, targets, exact); // (2B)
        }
        NDArray gained = logLikelihoods(model, tokens, targets, exact).sub(known); // (2B)
        return gained.mul(Scalar.of(beta, gained)).reshape(pairs.get(0), 2);
    }

    private static NDArray logLikelihoods(Block model, NDArray tokens, NDArray targets, Pass pass) {
        return model instanceof FusedLikelihood fused
                ? fused.logLikelihoods(tokens, targets, pass)
                : CrossEntropy.logLikelihoods(pass.through(tokens, model), targets);
    }
}
