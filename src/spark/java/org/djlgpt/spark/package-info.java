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
 * parameters, takes its steps and tells, fragment by fragment, where it arrived. In the second,
 * {@code Averaging} takes the outer step of each fragment and stores it. What Spark computes twice
 * counts once, as all of it, reports included, goes the way of the shuffle.
 *
 * <p>Letters: P parameters, H steps in a round.
 *
 * <p>Sources: Douillard et al., "DiLoCo: Distributed Low-Communication Training of Language
 * Models", 2023, arXiv 2311.08105.
 */
package org.djlgpt.spark;
