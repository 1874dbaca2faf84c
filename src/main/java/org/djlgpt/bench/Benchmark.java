package org.djlgpt.bench;

import org.djlgpt.decoder.KernelChoice;
import org.djlgpt.decoder.LinearKernel;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Measures the library on this machine's CPU: attention variants, training steps, the optimizer and
 * writing.
 *
 * <p>Each row is measured in a Java process of its own, which ends with this one however this one
 * ends; one that takes more than a minute is given up. Leave the machine alone meanwhile: other
 * programs slow some rows more than others.
 */
public final class Benchmark {

    private static final int ROW_SECONDS = 60;

    private final Effort effort;
    private final Suite suite;
    private final WorkerProcess worker;

    /**
     * Makes a benchmark.
     *
     * @param effort how much work to put into it
     */
    public Benchmark(Effort effort) {
        this(effort, Suite.of(effort), worker(Map.of()));
    }

    /**
     * Makes a benchmark whose decoders multiply in one way.
     *
     * @param effort how much work to put into it
     * @param kernel the way, for all weights that have it
     */
    public Benchmark(Effort effort, LinearKernel kernel) {
        this(effort, Suite.of(effort), worker(Map.of(KernelChoice.PROPERTY, kernel.name())));
    }

    /**
     * Returns a benchmark of some of the rows, each measured as ever. Ratios to rows that are left
     * out are left out too, as are shares of the machine's limits without the row "machine:
     * limits".
     *
     * @param names of each the name of a row, "section: row" as {@link
     *     BenchmarkListener#onProgress} hears it, or a part of the names of several
     * @return the benchmark of those rows
     * @throws IllegalArgumentException if one is part of no row's name
     */
    public Benchmark only(List<String> names) {
        return new Benchmark(effort, suite.only(names), worker);
    }

    private static WorkerProcess worker(Map<String, String> properties) {
        return new WorkerProcess(
                WorkerProcess.classPath(Benchmark.class.getClassLoader()),
                Worker.class.getName(),
                properties,
                ROW_SECONDS);
    }

    Benchmark(Effort effort, Suite suite, WorkerProcess worker) {
        this.effort = effort;
        this.suite = suite;
        this.worker = worker;
    }

    /**
     * Measures all rows.
     *
     * @param listener hears of the progress and of each row
     * @return the figures; a row that could not be measured says why
     * @throws IOException if no process can be started, or the listener throws it
     * @throws InterruptedException if the thread is interrupted
     */
    public BenchmarkReport run(BenchmarkListener listener)
            throws IOException, InterruptedException {
        BenchmarkReport report = new BenchmarkReport(effort, suite, Machine.current());
        List<Case> cases = suite.cases();
        for (int i = 0; i < cases.size(); i++) {
            Case next = cases.get(i);
            listener.onProgress(i, cases.size(), next.id());
            report.add(next, worker.run(next, effort));
            listener.onRow(report);
        }
        return report;
    }
}
