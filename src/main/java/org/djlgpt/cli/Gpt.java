package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.engine.EngineException;

import org.djlgpt.torch.NativeSettings;
import org.djlgpt.training.DivergenceException;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** The command {@code gpt}. Without arguments it trains on the embedded corpus. */
@Command(
        name = "gpt",
        mixinStandardHelpOptions = true,
        version = "djl-gpt 0.1.0-SNAPSHOT",
        description = "Trains a GPT and writes text with it. Without a command it trains.",
        subcommands = {
            TrainCommand.class,
            GenerateCommand.class,
            EvalCommand.class,
            InfoCommand.class
        })
public final class Gpt {

    /** For picocli. */
    Gpt() {}

    /**
     * Runs the command and ends the process: 0 if all went well, 2 if the input was wrong, 1 on any
     * other failure.
     *
     * @param arguments the command line
     */
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /**
     * Runs the command.
     *
     * @param arguments the command line
     * @return the exit code
     */
    static int run(String... arguments) {
        NativeSettings.apply();
        quietLogs();
        String[] command = arguments.length == 0 ? new String[] {"train"} : arguments;
        return new CommandLine(new Gpt())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(Gpt::report)
                .execute(command);
    }

    private static void quietLogs() {
        String level = "org.slf4j.simpleLogger.defaultLogLevel";
        if (System.getProperty(level) == null) {
            System.setProperty(level, "warn");
        }
        System.setProperty("java.awt.headless", "true");
    }

    private static int report(
            Exception failure, CommandLine command, CommandLine.ParseResult parsed)
            throws Exception {
        if (!isInputError(failure)) {
            throw failure;
        }
        command.getErr().println("gpt: " + message(failure));
        return ExitCode.USAGE;
    }

    private static boolean isInputError(Exception failure) {
        return failure instanceof IllegalArgumentException
                || failure instanceof IOException
                || failure instanceof MalformedModelException
                || failure instanceof DivergenceException
                || failure instanceof EngineException;
    }

    private static String message(Exception failure) {
        if (failure instanceof FileSystemException file && file.getReason() == null) {
            String problem =
                    failure instanceof NoSuchFileException ? "does not exist" : "can't be used";
            return "%s: %s (%s)"
                    .formatted(file.getFile(), problem, failure.getClass().getSimpleName());
        }
        return failure.getMessage();
    }
}
