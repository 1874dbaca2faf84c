/**
 * The benchmark behind {@code gpt bench}: attention variants, training steps, the optimizer and
 * writing, each beside what it is compared with and beside what the machine can do at most.
 *
 * <p>{@link org.djlgpt.bench.Benchmark} runs it and gives a {@link
 * org.djlgpt.bench.BenchmarkReport}. A {@code Section} is one table: its columns, the {@code Case}s
 * that are its rows, and what stands in them. Every case runs in a process of its own, a {@code
 * Worker}, so that its peak memory and native settings are its own; a worker that fails, or takes
 * more than a minute, costs its row and nothing else. Rows are shown as they come, so a section
 * compares a row with earlier ones only. To add a row, add a case to a section. What is measured of
 * a training is {@link org.djlgpt.training.TrainingStep}, the step that every training takes.
 *
 * <p>Figures are medians over repetitions, after warm-ups; limits of the machine are the best of
 * several. Ratios above 1 mean faster. {@code src/test/python/benchmark_peers.py} measures the same
 * work in PyTorch and other libraries, by the names of rows and phases here. Small pieces, down to
 * a single call, are the business of the JMH benchmarks in {@code src/jmh}:
 *
 * <pre>
 * mvn -q -Pjmh test-compile exec:exec -Djmh.args="-f 1 -wi 2 -w 1s -i 3 -r 1s"
 * </pre>
 *
 * <p>Imports any package of the library but {@code org.djlgpt.cli}.
 */
package org.djlgpt.bench;
