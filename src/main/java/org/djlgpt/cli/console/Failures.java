package org.djlgpt.cli.console;

import ai.djl.MalformedModelException;
import ai.djl.engine.EngineException;
import ai.djl.util.Utils;

import org.djlgpt.io.FileProblem;
import org.djlgpt.nn.IllegalParameterException;
import org.djlgpt.training.DivergenceException;

import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.List;

/** What a person hears of a failure, and the exit code that a script gets. */
public final class Failures {

    /** What a shell reports of a program that a closed pipe has ended: 128 and SIGPIPE's number. */
    public static final int CLOSED_OUTPUT = 141;

    private Failures() {}

    /**
     * Explains arguments that can't be read.
     *
     * @param err takes the explanation
     * @param failure says why
     * @return the exit code
     */
    public static int unreadable(PrintWriter err, Exception failure) {
        print(err, message(failure));
        err.flush();
        return ExitCode.USAGE;
    }

    /**
     * Explains arguments that can't be parsed.
     *
     * @param parsing says why
     * @param arguments the command line
     * @return the exit code
     */
    public static int usage(ParameterException parsing, String[] arguments) {
        CommandLine command = parsing.getCommandLine();
        ParameterException failure = orUnmatched(parsing, command.getUnmatchedArguments());
        print(command.getErr(), failure.getMessage());
        UnmatchedArgumentException.printSuggestions(failure, command.getErr());
        String name = command.getCommandSpec().qualifiedName();
        command.getErr().println("'" + name + " --help' shows what there is.");
        return ExitCode.USAGE;
    }

    /** Where an option is missing, it may be that it is misspelt. */
    private static ParameterException orUnmatched(
            ParameterException failure, List<String> unmatched) {
        return failure instanceof MissingParameterException && !unmatched.isEmpty()
                ? new UnmatchedArgumentException(failure.getCommandLine(), unmatched)
                : failure;
    }

    /**
     * Explains wrong input in one line.
     *
     * @param failure says what is wrong
     * @param command the command that it is the input of
     * @param parsed what was given
     * @return the exit code
     * @throws Exception the failure, if it is not one of the input
     */
    public static int execution(Exception failure, CommandLine command, ParseResult parsed)
            throws Exception {
        if (failure instanceof Output.ClosedException) {
            return CLOSED_OUTPUT;
        }
        if (failure instanceof UncheckedIOException unchecked) {
            return execution(unchecked.getCause(), command, parsed);
        }
        if (!isInputError(failure)) {
            throw failure;
        }
        print(command.getErr(), message(failure, command.getCommandSpec()));
        return ExitCode.USAGE;
    }

    /**
     * Explains a heap that is too small, or a library that can't be used.
     *
     * @param failure says which
     * @param err takes the explanation
     * @return the exit code
     */
    public static int execution(Error failure, PrintWriter err) {
        print(
                err,
                failure instanceof OutOfMemoryError
                        ? ("the Java heap of %d MiB is too small (%s); choose a smaller model or"
                                        + " batch, or give a larger heap, as with "
                                        + Launch.current().with("-Xmx8g"))
                                .formatted(
                                        Runtime.getRuntime().maxMemory() >> 20,
                                        failure.getMessage())
                        : library(failure));
        return ExitCode.USAGE;
    }

    /** Prints one line, whatever characters a name or a text in it has. */
    private static void print(PrintWriter err, String message) {
        err.println("gpt: " + message.replace("\r", "\\r").replace("\n", "\\n"));
    }

    private static boolean isInputError(Exception failure) {
        return failure instanceof IllegalArgumentException
                || failure instanceof IOException
                || failure instanceof MalformedModelException
                || failure instanceof DivergenceException
                || failure instanceof EngineException;
    }

    private static String message(Exception failure, CommandSpec command) {
        return failure instanceof IllegalParameterException illegal
                ? illegal.message(parameter -> OptionNames.option(parameter, command))
                : message(failure);
    }

    /**
     * Returns what a failure says, without the names of Java's classes.
     *
     * @param failure the failure
     * @return what it says
     */
    public static String message(Exception failure) {
        if (failure instanceof EngineException) {
            return library(failure);
        }
        if (failure instanceof FileSystemException file) {
            return "%s: %s".formatted(file.getFile(), FileProblem.of(file));
        }
        return failure instanceof IOException io
                ? FileProblem.of(io)
                : String.valueOf(failure.getMessage());
    }

    /** Explains a failure of DJL or libtorch by what lies behind it. */
    private static String library(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null && !isLinking(cause)) {
            cause = cause.getCause();
        }
        String reason = line(cause);
        if (cause instanceof IOException io) {
            return isStored(io)
                    ? ("DJL can't put its native libraries into %s (%s); let DJL_CACHE_DIR name a"
                                    + " folder with room that you may write to")
                            .formatted(Utils.getEngineCacheDir(), FileProblem.of(io))
                    : "%s (%s); connect to the network once, or bring its artifact"
                            .formatted(failure.getMessage(), reason);
        }
        if (cause instanceof UnsatisfiedLinkError) {
            return ("%s; DJL keeps it in %s: delete that if it is damaged, or let DJL_CACHE_DIR"
                            + " name another folder that you may write to")
                    .formatted(reason, Utils.getEngineCacheDir());
        }
        if (cause instanceof LinkageError) {
            return "the class path does not fit: %s".formatted(reason);
        }
        return reason.contains("allocate memory") || reason.contains("out of memory")
                ? reason + "; choose a smaller model, batch, context or number of samples"
                : "libtorch failed: %s; report it with the command that led to it"
                        .formatted(reason);
    }

    private static boolean isLinking(Throwable failure) {
        return failure instanceof LinkageError && failure.getMessage() != null;
    }

    private static boolean isStored(IOException failure) {
        return failure instanceof FileSystemException
                || FileProblem.of(failure).contains("No space left");
    }

    private static String line(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        return message.lines()
                .filter(line -> line.startsWith("RuntimeError: ")) // ends a trace of libtorch's
                .findFirst()
                .or(() -> message.lines().findFirst())
                .orElse(failure.toString())
                .replaceFirst("\\.$", "");
    }
}
