package org.djlgpt.io;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Replaces a file whole or not at all: whoever opens it sees the old content or the new, also after
 * a crash or on a full disk.
 *
 * <p>The content goes to a temporary file beside the target, is forced to the disk, and then takes
 * the target's name in one step. A process that is killed in between leaves the target alone and a
 * hidden {@code .NAME.*.tmp} file behind; the next to write the file deletes it.
 */
public final class AtomicFile {

    private static final String TEMPORARY = ".tmp";
    private static final String UUID_PATTERN = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

    private AtomicFile() {}

    /** What goes into the file. */
    @FunctionalInterface
    public interface Content {

        /**
         * Writes the whole content.
         *
         * @param channel an empty file, open for writing and reading; the caller closes it
         * @throws IOException if writing fails
         */
        void writeTo(FileChannel channel) throws IOException;
    }

    /** What goes into the file, as a stream. */
    @FunctionalInterface
    public interface StreamedContent {

        /**
         * Writes the whole content.
         *
         * @param out a buffered stream; the caller flushes and closes it
         * @throws IOException if writing fails
         */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Writes a file. If this fails, whatever the cause, the target is as it was before and the
     * temporary file is gone.
     *
     * @param target the file to create or replace, in a directory that exists; a symbolic link is
     *     replaced, not followed
     * @param content what to write
     * @throws IOException if the directory is missing, the target is a directory, the content can't
     *     be written, or the file system can't move a file atomically; the message names the target
     */
    public static void write(Path target, Content content) throws IOException {
        Path temporary = temporaryBeside(target);
        try {
            writeForced(temporary, content);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new IOException(
                    "%s: not written, what was there is unchanged: %s"
                            .formatted(target, DiskSpace.problem(target, e)),
                    e);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /**
     * Writes a file from a buffered stream, under the same promise.
     *
     * @param target the file to create or replace, in a directory that exists
     * @param content what to write
     * @throws IOException as {@link #write}
     */
    public static void writeStream(Path target, StreamedContent content) throws IOException {
        write(
                target,
                channel -> {
                    OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel));
                    content.writeTo(out);
                    out.flush();
                });
    }

    /**
     * Finds out whether a file can be written, before work that would be lost. Nothing is left.
     *
     * @param target the file that is to be written later
     * @throws IOException if the directory is missing or takes no files, or the target is a
     *     directory; the message names the target
     */
    public static void requireWritable(Path target) throws IOException {
        Path temporary = temporaryBeside(target);
        try {
            Files.createFile(temporary);
        } catch (IOException e) {
            throw new IOException(
                    "%s can't be written: %s".formatted(target, FileProblem.of(e)), e);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static Path temporaryBeside(Path target) throws IOException {
        Path directory = target.toAbsolutePath().getParent();
        if (directory == null || Files.isDirectory(target)) {
            throw new FileSystemException(
                    target.toString(), null, "is a directory; name a file to write");
        }
        if (!Files.isDirectory(directory)) {
            throw new NoSuchFileException(
                    target.toString(), null, "its directory does not exist; create it first");
        }
        String prefix = "." + target.getFileName() + ".";
        deleteAbandoned(directory, prefix);
        return directory.resolve(prefix + UUID.randomUUID() + TEMPORARY);
    }

    private static void writeForced(Path file, Content content) throws IOException {
        try (LockedFile locked = LockedFile.create(file)) {
            content.writeTo(locked.channel());
            locked.channel().force(true);
        }
    }

    private static void deleteAbandoned(Path directory, String prefix) throws IOException {
        Pattern temporary = Pattern.compile(Pattern.quote(prefix) + UUID_PATTERN + TEMPORARY);
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(
                        directory,
                        file -> temporary.matcher(file.getFileName().toString()).matches())) {
            for (Path file : files) {
                if (LockedFile.isAbandoned(file)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
