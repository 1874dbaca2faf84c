package org.djlgpt.cli;

import org.djlgpt.cli.console.Failures;
import org.djlgpt.cli.console.Syntax;
import org.djlgpt.cli.console.Terminal;
import org.djlgpt.cli.train.PrepareCommand;
import org.djlgpt.cli.train.TrainCommand;

import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.stream.Stream;

/**
 * The command {@code gpt}. Options without a command are those of {@code train}; without arguments
 * it trains on the embedded corpus.
 */
@Command(
        name = "gpt",
        mixinStandardHelpOptions = true,
        version = "djl-gpt 0.1.0-SNAPSHOT",
        description =
                "Trains a GPT and writes text with it. Without a command it trains, with the"
                        + " options of gpt train.",
        footer = {
            "",
            "'gpt COMMAND --help' shows the options of a command.",
            "'source <(gpt generate-completion)' lets bash and zsh complete commands and options."
        },
        subcommands = {
            TrainCommand.class,
            PrepareCommand.class,
            GenerateCommand.class,
            EvalCommand.class,
            ClassifyCommand.class,
            InfoCommand.class,
            MergeCommand.class,
            TokenizerCommand.class,
            AttentionCommand.class,
            BenchCommand.class,
            HelpCommand.class
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
        PrintWriter err = Terminal.writer(System.err);
        int exitCode;
        try {
            exitCode = run(Terminal.writer(System.out), err, Terminal.written(arguments));
        } catch (IllegalArgumentException | IOException e) {
            exitCode = Failures.unreadable(err, e);
        }
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
        CommandLine gpt = commandLine().setOut(out).setErr(err);
        try {
            int exitCode = gpt.execute(withCommand(gpt, arguments));
            return exitCode == 0 && out.checkError() ? Failures.CLOSED_OUTPUT : exitCode;
        } catch (OutOfMemoryError | LinkageError e) {
            return Failures.execution(e, err);
        } finally {
            out.flush();
            err.flush();
        }
    }

    static CommandLine commandLine() {
        CommandLine completion = new CommandLine(new GenerateCompletion());
        completion.getCommandSpec().usageMessage().hidden(true); // it is no text that it completes
        CommandLine gpt = new CommandLine(new Gpt()).addSubcommand(completion);
        setVersion(gpt, gpt.getCommandSpec().version());
        return Syntax.of(gpt)
                .setParameterExceptionHandler(Failures::usage)
                .setExecutionExceptionHandler(Failures::execution);
    }

    private static void setVersion(CommandLine command, String... version) {
        command.getCommandSpec().version(version);
        command.getSubcommands().values().forEach(part -> setVersion(part, version));
    }

    private static String[] withCommand(CommandLine gpt, String... arguments) {
        boolean isNamed =
                arguments.length > 0
                        && (!arguments[0].startsWith("-")
                                || gpt.getCommandSpec().findOption(arguments[0]) != null);
        return isNamed
                ? arguments
                : Stream.concat(Stream.of("train"), Stream.of(arguments)).toArray(String[]::new);
    }

    private static void quietLogs() {
        String level = "org.slf4j.simpleLogger.defaultLogLevel";
        if (System.getProperty(level) == null) {
            System.setProperty(level, "warn");
        }
        System.setProperty(
                "org.slf4j.simpleLogger.log.ai.djl.huggingface.tokenizers.jni", "off"); // a trace
        for (String talkative : List.of("org.apache.spark", "org.apache.hadoop")) {
            System.setProperty("org.slf4j.simpleLogger.log." + talkative, "error");
        }
        System.setProperty("java.awt.headless", "true");
    }
}
