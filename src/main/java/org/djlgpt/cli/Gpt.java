package org.djlgpt.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

import java.io.PrintWriter;

/** The command {@code gpt}. Without arguments it trains on the embedded corpus. */
@Command(
        name = "gpt",
        mixinStandardHelpOptions = true,
        version = "djl-gpt 0.1.0-SNAPSHOT",
        description = "Trains a GPT and writes text with it. Without a command it trains.",
        subcommands = {
            TrainCommand.class,
            PrepareCommand.class,
            GenerateCommand.class,
            EvalCommand.class,
            InfoCommand.class,
            AttentionCommand.class,
            BenchCommand.class
        })
public final class Gpt {

    /** For picocli. */
    Gpt() {}

    /**
     * Runs the command and ends the process: 0 if all went well, 2 if the input was wrong, 130 or
     * 143 if a training was stopped by SIGINT or SIGTERM, 141 if the output was closed, 1 on any
     * other failure.
     *
     * @param arguments the command line
     */
    public static void main(String[] arguments) {
        quietLogs();
        System.exit(run(Terminal.writer(System.out), Terminal.writer(System.err), arguments));
    }

    /**
     * Runs the command.
     *
     * @param out takes what the command has to say
     * @param err takes messages about what went wrong
     * @param arguments the command line
     * @return the exit code
     */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        String[] command = arguments.length == 0 ? new String[] {"train"} : arguments;
        try {
            return new CommandLine(new Gpt())
                    .setOut(out)
                    .setErr(err)
                    .setCaseInsensitiveEnumValuesAllowed(true)
                    .setOverwrittenOptionsAllowed(true)
                    .setParameterExceptionHandler(Failures::usage)
                    .setExecutionExceptionHandler(Failures::execution)
                    .execute(command);
        } catch (OutOfMemoryError e) {
            return Failures.outOfMemory(err, e);
        } finally {
            out.flush();
            err.flush();
        }
    }

    private static void quietLogs() {
        String level = "org.slf4j.simpleLogger.defaultLogLevel";
        if (System.getProperty(level) == null) {
            System.setProperty(level, "warn");
        }
        System.setProperty("java.awt.headless", "true");
    }
}
