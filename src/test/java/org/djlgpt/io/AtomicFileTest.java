package org.djlgpt.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

class AtomicFileTest {

    @TempDir Path directory;

    @Test
    void createsAndReplaces() throws IOException {
        Path file = directory.resolve("a.txt");
        AtomicFile.write(file, channel -> channel.write(bytes("first, and longer")));
        AtomicFile.write(file, channel -> channel.write(bytes("second")));
        assertEquals("second", Files.readString(file));
        assertEquals(List.of(file), files());
    }

    @Test
    void showsTheOldContentUntilAllIsWritten() throws IOException {
        Path file = Files.writeString(directory.resolve("a.txt"), "old");
        AtomicFile.write(
                file,
                channel -> {
                    channel.write(bytes("new"));
                    assertEquals("old", Files.readString(file));
                });
        assertEquals("new", Files.readString(file));
    }

    @Test
    void keepsTheOldContentWhenWritingFails() throws IOException {
        Path file = Files.writeString(directory.resolve("a.txt"), "old");
        IOException e =
                assertThrows(
                        IOException.class,
                        () ->
                                AtomicFile.write(
                                        file,
                                        channel -> {
                                            channel.write(bytes("half"));
                                            throw new IOException("No space left");
                                        }));
        assertEquals(
                file + ": not written, what was there is unchanged:" + " No space left",
                e.getMessage());
        assertThrows(
                IllegalStateException.class,
                () ->
                        AtomicFile.write(
                                file,
                                channel -> {
                                    throw new IllegalStateException("defect");
                                }));
        assertEquals("old", Files.readString(file));
        assertEquals(List.of(file), files());
    }

    @Test
    void aFullDiskIsToldWithWhatIsFree() throws IOException {
        Path file = Files.writeString(directory.resolve("a.txt"), "old");

        IOException e =
                assertThrows(
                        IOException.class,
                        () ->
                                AtomicFile.write(
                                        file,
                                        channel -> {
                                            throw new IOException("No space left on device");
                                        }));

        assertTrue(
                e.getMessage()
                        .matches(
                                "(?s).*unchanged: No space left on device, [\\d,.]+ MB are free;"
                                        + " make room there, or write to another disk"),
                e.getMessage());
    }

    @Test
    void deletesWhatAKilledWriterOfTheSameFileLeft() throws IOException {
        Path file = directory.resolve("a.txt");
        Path left =
                Files.createFile(
                        directory.resolve(".a.txt.0f8fad5b-d9cb-469f-a165-70867728950e.tmp"));
        Path ofAnother =
                Files.createFile(
                        directory.resolve(".b.txt.0f8fad5b-d9cb-469f-a165-70867728950e.tmp"));
        AtomicFile.write(file, channel -> channel.write(bytes("new")));
        assertFalse(Files.exists(left));
        assertTrue(Files.exists(ofAnother));
    }

    @Test
    void sparesTheFileOfAWriterThatIsStillAtWork() throws IOException {
        Path file = directory.resolve("a.txt");
        AtomicFile.write(
                file,
                channel -> {
                    channel.write(bytes("slow"));
                    AtomicFile.write(file, other -> other.write(bytes("quick")));
                    assertEquals("quick", Files.readString(file));
                });
        assertEquals("slow", Files.readString(file));
        assertEquals(List.of(file), files());
    }

    @Test
    void refusesDirectories() {
        FileSystemException e =
                assertThrows(FileSystemException.class, () -> AtomicFile.write(directory, c -> {}));
        assertTrue(e.getMessage().contains("is a directory"), e.getMessage());
        Path orphan = directory.resolve("missing").resolve("a.txt");
        NoSuchFileException missing =
                assertThrows(NoSuchFileException.class, () -> AtomicFile.write(orphan, c -> {}));
        assertTrue(missing.getMessage().contains("directory does not exist; create it first"));
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
