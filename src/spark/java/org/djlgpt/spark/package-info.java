/**
 * Training and writing on a Spark cluster, for those whose text or patience outgrows one machine.
 * In the profile {@code -Pspark} only; nobody else downloads Spark.
 *
 * <p>{@link org.djlgpt.spark.SparkTraining} trains: workers take steps by themselves and meet now
 * and then. Nothing of a distributed system is written here: ranks are tasks, what they tell one
 * another is a shuffle, a lost machine is Spark's scheduler's concern, and files lie where Hadoop
 * says.
 *
 * <p>A round is a job of two stages. In the first, a {@code Worker} for each rank reads the
 * parameters, takes its steps and tells, piece by piece, where it arrived. In the second, {@code
 * Averaging} takes the outer step of each piece and stores it. What Spark computes twice counts
 * once, as all of it, reports included, goes the way of the shuffle.
 *
 * <p>What is learned from token files needs nothing else. For labelled texts, an adapter, another
 * objective, a {@link org.djlgpt.spark.LearnerSource} makes in each worker the {@link
 * org.djlgpt.training.Learner} that the driver has.
 *
 * <p>Letters: P parameters, H steps in a round.
 *
 * <p>Sources: Douillard et al., "DiLoCo: Distributed Low-Communication Training of Language
 * Models", 2023, arXiv 2311.08105; Douillard et al., "Streaming DiLoCo with overlapping
 * communication", 2025, arXiv 2501.18512.
 */
package org.djlgpt.spark;
