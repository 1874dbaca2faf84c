package org.djlgpt.training;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

class CheckpointLockTest {

    @TempDir private Path folder;

    @Test
    void aCheckpointIsOneTrainingsAtATime() throws IOException {
        Path checkpoint = folder.resolve("checkpoint.safetensors");
        try (CheckpointLock claim = CheckpointLock.claim(checkpoint)) {
            assertInUse(checkpoint);
            assertInUse(folder.resolve("./checkpoint.safetensors"));
            assertInUse(Path.of("").toAbsolutePath().relativize(checkpoint));
        }
        CheckpointLock.claim(checkpoint).close();
    }

    @Test
    void aLinkToTheFolderIsTheSameFolder() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder);
        try (CheckpointLock claim = CheckpointLock.claim(folder.resolve("checkpoint"))) {
            assertInUse(link.resolve("checkpoint"));
        }
    }

    @Test
    void twoCheckpointsInAFolderAreTwo() throws IOException {
        try (CheckpointLock one = CheckpointLock.claim(folder.resolve("one"));
                CheckpointLock other = CheckpointLock.claim(folder.resolve("other"))) {
            assertInUse(folder.resolve("one"));
        }
    }

    @Test
    void nothingIsLeft() throws IOException {
        CheckpointLock.claim(folder.resolve("checkpoint")).close();
        CheckpointLock.requireFree(folder.resolve("checkpoint"));
        CheckpointLock.requireFree(folder.resolve("no folder/checkpoint"));

        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void anotherProcessIsNamedAndItsEndFreesTheCheckpoint() throws Exception {
        Path checkpoint = folder.resolve("checkpoint");
        Process holder = holder(checkpoint);
        try {
            assertEquals('!', holder.getInputStream().read());
            for (int attempt = 0; attempt < 2; attempt++) { // a refusal gives nothing up
                assertRefused(
                        IllegalArgumentException.class,
                        () -> CheckpointLock.claim(checkpoint),
                        "%s is in use: process %d trains there".formatted(folder, holder.pid()));
            }
        } finally {
            holder.destroyForcibly().waitFor();
        }
        assertTrue(Files.exists(folder.resolve(".checkpoint.lock")), "it was killed");

        CheckpointLock.claim(checkpoint).close();
    }

    @Test
    void aRefusalInThisProcessDoesNotLetOthersIn() throws Exception {
        Path checkpoint = folder.resolve("checkpoint");
        try (CheckpointLock claim = CheckpointLock.claim(checkpoint)) {
            assertInUse(checkpoint);

            Process other = holder(checkpoint);
            assertTrue(other.waitFor(30, TimeUnit.SECONDS), "it has got the claim");
            assertEquals(1, other.exitValue());
        }
    }

    @Test
    void aLinkInPlaceOfTheLockIsNotFollowed() throws IOException {
        Path precious = Files.writeString(folder.resolve("precious"), "content");
        Files.createSymbolicLink(folder.resolve(".checkpoint.lock"), precious);

        assertThrows(IOException.class, () -> CheckpointLock.claim(folder.resolve("checkpoint")));
        assertEquals("content", Files.readString(precious));
    }

    private static void assertInUse(Path checkpoint) {
        assertRefused(
                IllegalArgumentException.class,
                () -> CheckpointLock.claim(checkpoint),
                "is in use: process " + ProcessHandle.current().pid());
        assertRefused(
                IllegalArgumentException.class,
                () -> CheckpointLock.requireFree(checkpoint),
                "name another folder");
    }

    private static Process holder(Path checkpoint) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holder.class.getName(),
                        checkpoint.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** A program that claims a checkpoint for as long as it lives. */
    static final class Holder {

        public static void main(String[] arguments) throws Exception {
            CheckpointLock claim = CheckpointLock.claim(Path.of(arguments[0]));
            System.out.print('!');
            System.out.flush();
            Thread.sleep(60_000);
            claim.close();
        }
    }
}
