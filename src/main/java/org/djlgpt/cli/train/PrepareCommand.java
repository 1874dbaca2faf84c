package org.djlgpt.cli.train;

import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.option.OutFolder;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code gpt prepare}. */
@Command(
        name = "prepare",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Turns text into token files, which train maps into memory.")
public final class PrepareCommand implements Callable<Integer> {

    @Mixin private DataOptions data;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description =
                    "where train.bin, val.bin and the tokenizer go, all of them or none; those that"
                            + " lie there are replaced")
    private Path out;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "threads to work on (default: the processors that this process may use)")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Spec private CommandSpec spec;

    /** For picocli. */
    PrepareCommand() {}

    @Override
    public Integer call() throws IOException {
        OutFolder.requireFolder(out);
        if (Files.exists(out.resolve("config.json"))) {
            throw new IllegalArgumentException(
                    "--out %s has a model, whose tokenizer would be replaced; name another folder"
                            .formatted(out));
        }
        TextLesson prepared = data.prepare(out, threads, spec);
        TrainingReport report = new TrainingReport(new Output(spec.commandLine().getOut()));
        report.material(prepared.description());
        report.prepared(out);
        return 0;
    }
}
