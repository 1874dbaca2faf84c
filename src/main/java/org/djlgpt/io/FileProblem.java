package org.djlgpt.io;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** Why a file can't be read or written, in words; Java's exceptions often say it by their type. */
public final class FileProblem {

    private static final String DEAD_LINK = "is a link that leads nowhere";

    private FileProblem() {}

    /**
     * Returns the reason of a failure.
     *
     * @param failure the failure
     * @return a few words without the file's name, such as "permission denied"
     */
    public static String of(IOException failure) {
        if (!(failure instanceof FileSystemException file)) {
            String message = failure.getMessage();
            return message == null ? failure.getClass().getSimpleName() : message;
        }
        return file.getReason() == null ? byType(file) : file.getReason();
    }

    /**
     * Requires that what is to be read is there, is a file, and may be read.
     *
     * @param file the file
     * @throws IllegalArgumentException if it is not, with its absolute path
     */
    public static void requireReadable(Path file) {
        if (!Files.exists(file)) {
            throw new IllegalArgumentException(
                    "%s %s"
                            .formatted(
                                    file.toAbsolutePath(),
                                    Files.isSymbolicLink(file) ? DEAD_LINK : "does not exist"));
        }
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(file.toAbsolutePath() + " is not a file");
        }
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException(
                    file.toAbsolutePath() + " can't be read; check its permissions");
        }
    }

    private static String byType(FileSystemException failure) {
        if (failure instanceof NoSuchFileException) {
            return "does not exist";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        boolean isFile =
                failure instanceof FileAlreadyExistsException
                        || failure instanceof NotDirectoryException;
        if (isFile && failure.getFile() != null && isDeadLink(Path.of(failure.getFile()))) {
            return DEAD_LINK;
        }
        return isFile ? "is a file" : "can't be used";
    }

    private static boolean isDeadLink(Path path) {
        return Files.isSymbolicLink(path) && !Files.exists(path);
    }
}
