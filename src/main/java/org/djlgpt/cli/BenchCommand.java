package org.djlgpt.cli;

import org.djlgpt.bench.Benchmark;
import org.djlgpt.bench.BenchmarkListener;
import org.djlgpt.bench.BenchmarkReport;
import org.djlgpt.bench.Effort;
import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.console.Terminal;
import org.djlgpt.decoder.LinearKernel;
import org.djlgpt.io.AtomicFile;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code gpt bench}. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description =
                "Measures attention, training, the optimizer and writing on this machine's CPU.")
final class BenchCommand implements Callable<Integer> {

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "write every sample of every row to this file, row by row")
    private Path json;

    @Option(
            names = "--quick",
            description = "smaller sizes and fewer repetitions: about two minutes")
    private boolean quick;

    @Option(
            names = "--only",
            paramLabel = "NAME",
            description =
                    "measure the row of this name, 'section: row', or all whose names hold it, such"
                            + " as 'GPT-2' or 'attention: fused float32'; may be given several"
                            + " times")
    private List<String> only;

    @Option(
            names = "--kernel",
            paramLabel = "plain|split|packed|widened|dynamic",
            description =
                    "how weights that know it are multiplied in writing (default: the fastest in a"
                            + " short trial)")
    private LinearKernel kernel;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (json != null) {
            AtomicFile.requireWritable(json);
        }
        Effort effort = quick ? Effort.QUICK : Effort.FULL;
        Benchmark benchmark =
                kernel == null ? new Benchmark(effort) : new Benchmark(effort, kernel);
        Benchmark selected = only == null ? benchmark : benchmark.only(only);
        selected.run(new Printer());
        return 0;
    }

    /** Prints and keeps each row when it comes, so that a benchmark that is stopped leaves them. */
    private final class Printer implements BenchmarkListener {

        private static final String ERASED = "\r\033[K";

        private final Output out = new Output(spec.commandLine().getOut());
        private final boolean interactive = Terminal.isInteractive();
        private int printed;

        @Override
        public void onProgress(int done, int count, String row) {
            String line = "row %d of %d: %s".formatted(done + 1, count, row);
            PrintWriter err = spec.commandLine().getErr();
            err.print(interactive ? line : line + System.lineSeparator());
            err.flush();
        }

        @Override
        public void onRow(BenchmarkReport soFar) throws IOException {
            if (interactive) {
                spec.commandLine().getErr().print(ERASED);
                spec.commandLine().getErr().flush();
            }
            String text = soFar.text();
            out.text(text.substring(printed));
            printed = text.length();
            if (json != null) {
                soFar.writeJson(json);
            }
        }
    }
}
