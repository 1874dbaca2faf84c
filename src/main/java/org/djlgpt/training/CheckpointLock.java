package org.djlgpt.training;

import org.djlgpt.io.FileProblem;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;

/**
 * A training's claim on its checkpoint: a second training that wrote the same one, from this
 * process or another, would mix two runs.
 *
 * <p>The claim is a lock of the system's on a hidden file beside the checkpoint, which holds the
 * number of the process. It ends with the process, however that ends; a file that a killed one has
 * left is no obstacle.
 */
public final class CheckpointLock implements Closeable {

    /** Behind the number, which others can then read also where a lock forbids to read. */
    private static final long LOCKED_BYTE = 64;

    /**
     * What this process has claimed. It can't ask the system: to close a file for a second time
     * would give up the first lock.
     */
    private static final Set<Path> CLAIMED = new HashSet<>();

    private final Path file;
    private final FileChannel channel;

    private CheckpointLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Claims a checkpoint until the claim is closed or the process ends.
     *
     * @param checkpoint the file, which may be missing, in a folder that exists
     * @return the claim
     * @throws IllegalArgumentException if another training has claimed it; the message names the
     *     folder, the process if it is known, and the remedy
     * @throws IOException if the folder takes no files, or its file system has no locks
     */
    public static CheckpointLock claim(Path checkpoint) throws IOException {
        Path file = lockFile(checkpoint);
        synchronized (CLAIMED) {
            if (CLAIMED.contains(file)) {
                throw inUse(checkpoint, ProcessHandle.current().pid() + ", this one,");
            }
            CheckpointLock claim = new CheckpointLock(file, open(checkpoint, file));
            CLAIMED.add(file);
            return claim;
        }
    }

    /**
     * Refuses a checkpoint that another training has claimed, before the work to start one.
     *
     * @param checkpoint the file; it and its folder may be missing
     * @throws IllegalArgumentException as {@link #claim}
     * @throws IOException as {@link #claim}
     */
    public static void requireFree(Path checkpoint) throws IOException {
        if (Files.exists(checkpoint.resolveSibling(name(checkpoint)))) {
            claim(checkpoint).close();
        }
    }

    /** The same file for each way to write its folder's path. */
    private static Path lockFile(Path checkpoint) throws IOException {
        return checkpoint.toAbsolutePath().getParent().toRealPath().resolve(name(checkpoint));
    }

    private static String name(Path checkpoint) {
        return "." + checkpoint.getFileName() + ".lock";
    }

    private static FileChannel open(Path checkpoint, Path file) throws IOException {
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException e) {
            // of another training, which may live or not
        }
        Object opened = identity(file);
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        try {
            // one that ended just now may have deleted what we opened, and a third may be at work
            if (lock(channel, file) == null
                    || Files.notExists(file)
                    || !Objects.equals(opened, identity(file))) {
                throw inUse(checkpoint, holder(file));
            }
            String pid = Long.toString(ProcessHandle.current().pid());
            channel.truncate(0).write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)));
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Tells a file from another that has taken its name; null where the system can't. */
    private static Object identity(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    /** Returns the number in a file that is locked, or what to say in its place. */
    private static String holder(Path file) {
        try {
            String process = Files.readString(file).strip();
            return process.isEmpty() ? "(unknown)" : process;
        } catch (IOException e) {
            return "(unknown)"; // as it has just ended
        }
    }

    private static FileLock lock(FileChannel channel, Path file) throws IOException {
        try {
            return channel.tryLock(LOCKED_BYTE, 1, false);
        } catch (OverlappingFileLockException e) {
            return null; // by a path that does not look the same, as of a folder mounted twice
        } catch (IOException e) {
            throw new IOException(
                    ("%s can't be locked (%s), so two trainings could spoil each other's files;"
                                    + " name a folder on another file system")
                            .formatted(file, FileProblem.of(e)),
                    e);
        }
    }

    private static IllegalArgumentException inUse(Path checkpoint, String process) {
        return new IllegalArgumentException(
                ("%s is in use: process %s trains there and writes %s; wait for its end, stop it,"
                                + " or name another folder")
                        .formatted(
                                checkpoint.toAbsolutePath().getParent(),
                                process,
                                checkpoint.getFileName()));
    }

    @Override
    public void close() throws IOException {
        synchronized (CLAIMED) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                // as where the folder takes no changes any more; it is no obstacle
            }
            CLAIMED.remove(file);
            channel.close();
        }
    }
}
