/**
 * {@code gpt train}, and {@code gpt prepare}, which writes what it reads.
 *
 * <p>What a training learns is a {@code Lesson}: a text, examples, labels or preferences; a further
 * kind is another one, and an option of {@code LessonOptions}. {@code ModelOptions} say which model
 * learns it, {@code TrainingOptions} how, {@code SparkOptions} on which {@link
 * org.djlgpt.cli.train.Cluster}, if not here. {@code TrainingRun} puts these together and leaves a
 * {@code RunDirectory}; {@code TrainingReport} and {@code Progress} say what there is to say.
 *
 * <p>An option of {@code train} is part of its run and travels with the checkpoints by itself;
 * whether it may be another when a run resumes is said in one place, {@code RunOptions}. A further
 * family of models is a value of {@code --family}, and the options that it takes alone.
 *
 * <p>Imports any package of the library, {@link org.djlgpt.cli.console} and {@link
 * org.djlgpt.cli.option}.
 */
package org.djlgpt.cli.train;
