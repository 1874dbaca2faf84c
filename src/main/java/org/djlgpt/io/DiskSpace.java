package org.djlgpt.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** The room on the disk that a file is written to. */
final class DiskSpace {

    private static final double MEGABYTE = 1e6;
    private static final String REMEDY = "make room there, or write to another disk";

    private DiskSpace() {}

    /**
     * Refuses to begin what can't be finished.
     *
     * @param file what is to be written, in a folder that exists
     * @param bytes how large it will be
     */
    static void require(Path file, long bytes) throws IOException {
        long free = free(file);
        if (free > 0 && bytes > free) { // some file systems say 0 when they do not know
            throw new IOException(
                    "%s are needed, but %s are free on the disk; %s"
                            .formatted(megabytes(bytes), megabytes(free), REMEDY));
        }
    }

    /** Returns why a file could not be written, and what to do if the disk is full. */
    static String problem(Path file, IOException failure) {
        String problem = FileProblem.of(failure);
        if (!problem.contains("No space left on device")) {
            return problem;
        }
        try {
            return "%s, %s are free; %s".formatted(problem, megabytes(free(file)), REMEDY);
        } catch (IOException e) {
            return problem + "; " + REMEDY;
        }
    }

    private static long free(Path file) throws IOException {
        return Files.getFileStore(file.toAbsolutePath().getParent()).getUsableSpace();
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%,.1f MB", bytes / MEGABYTE);
    }
}
