package org.djlgpt.io;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A new file that others can see is in use: the system takes the lock away when the process ends,
 * however it ends.
 */
final class LockedFile implements Closeable {

    private final FileChannel channel;

    private LockedFile(FileChannel channel) {
        this.channel = channel;
    }

    static LockedFile create(Path file) throws IOException {
        // Not Files.createTempFile: its files can be read by their owner only.
        FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        try {
            channel.tryLock();
        } catch (IOException e) {
            // A file system without locks: there nobody will find the file abandoned either.
        }
        return new LockedFile(channel);
    }

    FileChannel channel() {
        return channel;
    }

    /** Returns whether the process that made a file has ended without deleting it. */
    static boolean isAbandoned(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            return lock != null;
        } catch (IOException | OverlappingFileLockException e) {
            return false; // gone, not ours to write, or in use by this process
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
