package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.engine.EngineException;

import org.djlgpt.training.DivergenceException;

import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** What a person hears of a failure, and the exit code that a script gets. */
final class Failures {

    /** What a shell reports of a program that a closed pipe has ended: 128 and SIGPIPE's number. */
    static final int CLOSED_OUTPUT = 141;

    private Failures() {}

    /** Explains arguments that can't be parsed. */
    static int usage(ParameterException failure, String[] arguments) {
        CommandLine command = failure.getCommandLine();
        print(command.getErr(), failure.getMessage());
        UnmatchedArgumentException.printSuggestions(failure, command.getErr());
        String name = command.getCommandSpec().qualifiedName();
        command.getErr().println("'" + name + " --help' shows what there is.");
        return ExitCode.USAGE;
    }

    /**
     * Explains wrong input in one line.
     *
     * @throws Exception the failure, if it is not one of the input
     */
    static int execution(Exception failure, CommandLine command, ParseResult parsed)
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
        print(command.getErr(), OptionNames.in(message(failure), command.getCommandSpec()));
        return ExitCode.USAGE;
    }

    /** Explains that the heap is too small. */
    static int outOfMemory(PrintWriter err, OutOfMemoryError failure) {
        print(
                err,
                ("the Java heap of %d MiB is too small (%s); choose a smaller model or batch, or"
                                + " give a larger heap, as with "
                                + Launch.current().with("-Xmx8g"))
                        .formatted(Runtime.getRuntime().maxMemory() >> 20, failure.getMessage()));
        return ExitCode.USAGE;
    }

    private static void print(PrintWriter err, String message) {
        err.println("gpt: " + message);
    }

    private static boolean isInputError(Exception failure) {
        return failure instanceof IllegalArgumentException
                || failure instanceof IOException
                || failure instanceof MalformedModelException
                || failure instanceof DivergenceException
                || failure instanceof EngineException;
    }

    /** Returns one line. */
    static String message(Exception failure) {
        if (failure instanceof FileSystemException file && file.getReason() == null) {
            return "%s: %s".formatted(file.getFile(), problem(file));
        }
        String message = String.valueOf(failure.getMessage());
        return message.lines()
                .filter(line -> line.startsWith("RuntimeError: ")) // ends a trace of libtorch's
                .findFirst()
                .or(() -> message.lines().findFirst())
                .orElse(failure.toString());
    }

    private static String problem(FileSystemException failure) {
        if (failure instanceof NoSuchFileException) {
            return "does not exist";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        boolean isFile =
                failure instanceof FileAlreadyExistsException
                        || failure instanceof NotDirectoryException;
        return isFile ? "is a file" : "can't be used";
    }
}
