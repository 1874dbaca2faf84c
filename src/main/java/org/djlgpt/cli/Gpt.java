package org.djlgpt.cli;

import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;

import java.io.PrintWriter;

/** The command {@code gpt}. Without arguments it trains on the embedded corpus. */
@Command(
        name = "gpt",
        mixinStandardHelpOptions = true,
        version = "djl-gpt 0.1.0-SNAPSHOT",
        description = "Trains a GPT and writes text with it. Without a command it trains.",
        footer = {
            "",
            "'source <(gpt generate-completion)' lets bash and zsh complete commands and options."
        },
        subcommands = {
            TrainCommand.class,
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
        int exitCode = run(Terminal.writer(System.out), Terminal.writer(System.err), arguments);
        if (exitCode == Failures.CLOSED_OUTPUT) { // a signal would run no hooks, and Maven's fails
            Runtime.getRuntime().halt(exitCode);
        }
        System.exit(exitCode);
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
            int exitCode = commandLine().setOut(out).setErr(err).execute(command);
            return exitCode == 0 && out.checkError() ? Failures.CLOSED_OUTPUT : exitCode;
        } catch (OutOfMemoryError e) {
            return Failures.outOfMemory(err, e);
        } finally {
            out.flush();
            err.flush();
        }
    }

    private static CommandLine commandLine() {
        CommandLine completion = new CommandLine(new GenerateCompletion());
        completion.getCommandSpec().usageMessage().hidden(true); // it is no text that it completes
        return new CommandLine(new Gpt())
                .addSubcommand(completion)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOverwrittenOptionsAllowed(true)
                .setColorScheme(
                        Help.defaultColorScheme(Terminal.hasColors() ? Ansi.AUTO : Ansi.OFF))
                .setParameterExceptionHandler(Failures::usage)
                .setExecutionExceptionHandler(Failures::execution);
    }

    private static void quietLogs() {
        String level = "org.slf4j.simpleLogger.defaultLogLevel";
        if (System.getProperty(level) == null) {
            System.setProperty(level, "warn");
        }
        System.setProperty("java.awt.headless", "true");
    }
}
