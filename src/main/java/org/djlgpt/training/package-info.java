/**
 * Training of a language model: {@link org.djlgpt.training.TrainingLoop} is the loop, {@link
 * org.djlgpt.training.TrainingPlan} says how, with the {@link
 * org.djlgpt.training.LearningRateSchedule}, {@link org.djlgpt.training.Evaluation} measures, and
 * {@link org.djlgpt.training.TrainingLoopListener}s report, draw and save. A {@link
 * org.djlgpt.training.Checkpoint} is what an interrupted training goes on from, and holds what is
 * trained, be it an adapter alone, and {@link org.djlgpt.training.CheckpointLock} keeps a second
 * one off it.
 *
 * <p>{@link org.djlgpt.training.TrainingStep} is one step of it, for a loop of one's own. A {@link
 * org.djlgpt.training.StepHook} takes part in the steps, as to exchange gradients between workers
 * (as numbers: {@link org.djlgpt.training.FlatTensors}), and {@link org.djlgpt.training.Batches}
 * says which of them each learns from. A {@link org.djlgpt.training.Learner} is what another
 * process has to make to train the same.
 *
 * <p>The loop knows no model: an {@link org.djlgpt.training.Objective} computes the loss of a block
 * on a batch of a {@link org.djlgpt.data.TrainingSet}, by default that of the next token, of logits
 * (B, T, V) for ids (B, T); another objective is one method for the loss and one for what it is the
 * mean of. {@link org.djlgpt.training.Objective#classification()} is the one of labels, and {@link
 * org.djlgpt.training.ClassificationReport} counts how many are right. DJL's own {@code Trainer}
 * trains the same blocks; choose this one for gradient accumulation, clipping by global norm, a
 * held-out split, exact resuming and results that follow from a seed.
 *
 * <p>{@link org.djlgpt.training.PreferenceOptimization} is the objective for pairs of answers of
 * which one is better (DPO).
 *
 * <p>Imports {@code org.djlgpt.io}, {@code org.djlgpt.torch}, {@code org.djlgpt.nn}, {@code
 * org.djlgpt.data}, {@code org.djlgpt.tuning}, {@code org.djlgpt.model}, Gson and DJL only.
 */
package org.djlgpt.training;
