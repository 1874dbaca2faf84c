package org.djlgpt.io;

import ai.djl.MalformedModelException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file open for positioned reads, which puts its name in front of every complaint.
 *
 * @param path where it is
 * @param channel open for reading
 */
record SafeTensorsFile(Path path, FileChannel channel) {

    static SafeTensorsFile open(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw new FileSystemException(
                    path.toString(), null, "is a directory; name the .safetensors file in it");
        }
        if (Files.notExists(path)) {
            throw new NoSuchFileException(
                    path.toString(), null, "there is no such file; check the path");
        }
        return new SafeTensorsFile(path, FileChannel.open(path, StandardOpenOption.READ));
    }

    /** Fills the buffer's remaining bytes from the given position of the file. */
    void read(ByteBuffer target, long position) throws IOException, MalformedModelException {
        long next = position;
        while (target.hasRemaining()) {
            int count = channel.read(target, next);
            if (count < 0) {
                throw malformed(
                        "ends at byte %d while %d more are due; it was cut while being read",
                        next, target.remaining());
            }
            next += count;
        }
    }

    MalformedModelException malformed(String reason, Object... values) {
        return new MalformedModelException(path + ": " + String.format(reason, values));
    }
}
