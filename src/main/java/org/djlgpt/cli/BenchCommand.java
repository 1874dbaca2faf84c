package org.djlgpt.cli;

import org.djlgpt.bench.Benchmark;
import org.djlgpt.bench.BenchmarkReport;
import org.djlgpt.bench.Effort;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
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
            description = "write every sample of every row to this file")
    private Path json;

    @Option(
            names = "--quick",
            description = "smaller sizes and fewer repetitions: about two minutes")
    private boolean quick;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (json != null && !Files.isDirectory(json.toAbsolutePath().getParent())) {
            throw new NoSuchFileException(
                    json.toString(), null, "its directory does not exist; create it first");
        }
        Benchmark benchmark = new Benchmark(quick ? Effort.QUICK : Effort.FULL);
        BenchmarkReport report = run(benchmark);
        PrintWriter out = spec.commandLine().getOut();
        out.print(report.text());
        out.flush();
        if (json != null) {
            report.writeJson(json);
        }
        return 0;
    }

    private BenchmarkReport run(Benchmark benchmark) throws IOException, InterruptedException {
        if (!Terminal.isInteractive()) {
            return benchmark.run(this::printProgress);
        }
        try (BenchmarkMeter meter = new BenchmarkMeter(new Output(spec.commandLine().getErr()))) {
            return benchmark.run(meter);
        }
    }

    private void printProgress(int done, int count, String row) {
        if (done < count) {
            PrintWriter err = spec.commandLine().getErr();
            err.println("row %d of %d: %s".formatted(done + 1, count, row));
            err.flush();
        }
    }
}
