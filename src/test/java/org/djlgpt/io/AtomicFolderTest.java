package org.djlgpt.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A folder holds all old files or all new ones, whenever the writer stops. */
class AtomicFolderTest {

    @TempDir private Path folder;

    @Test
    void createsTheFolderAndReplacesFiles() throws IOException {
        Path inner = folder.resolve("new/folder");
        write(inner, Map.of("a", "1", "b", "1", "c", "1"));
        Files.writeString(inner.resolve("note"), "stays");

        write(inner, Map.of("b", "2", "d", "2"));

        assertEquals(Map.of("b", "2", "d", "2", "note", "stays"), files(inner));
    }

    @Test
    void showsTheOldFilesUntilAllIsWritten() throws IOException {
        write(folder, Map.of("a", "1", "b", "1"));

        AtomicFolder.write(
                folder,
                AtomicFolderTest::isPart,
                writing -> {
                    Files.writeString(writing.resolve("a"), "2");
                    assertEquals("1", Files.readString(folder.resolve("a")));
                    assertEquals("1", Files.readString(folder.resolve("b")));
                });

        assertEquals(Map.of("a", "2"), files(folder));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void keepsTheOldFilesWhenWritingFails(boolean unchecked) throws IOException {
        write(folder, Map.of("a", "1", "b", "1"));
        AtomicFolder.Content failing =
                writing -> {
                    Files.writeString(writing.resolve("a"), "2");
                    if (unchecked) {
                        throw new IllegalStateException("defect");
                    }
                    throw new IOException("No space left");
                };

        Exception e =
                assertThrows(
                        Exception.class,
                        () -> AtomicFolder.write(folder, AtomicFolderTest::isPart, failing));

        assertTrue(unchecked || e.getMessage().startsWith(folder + ": not written"), e.toString());
        assertEquals(Map.of("a", "1", "b", "1"), files(folder));
    }

    @Test
    void leavesNoFolderWhenWritingFails() {
        AtomicFolder.Content failing =
                writing -> {
                    throw new IllegalStateException("defect");
                };

        assertThrows(
                IllegalStateException.class,
                () ->
                        AtomicFolder.write(
                                folder.resolve("new/folder"), AtomicFolderTest::isPart, failing));

        assertFalse(Files.exists(folder.resolve("new")));
    }

    @Test
    void settlingASettledOrMissingFolderDoesNothing() throws IOException {
        write(folder, Map.of("a", "1"));

        AtomicFolder.settle(folder);
        AtomicFolder.settle(folder.resolve("missing"));

        assertEquals(Map.of("a", "1"), files(folder));
    }

    /**
     * After the step that replaces come six more: two files deleted, two marks, two files moved.
     */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
    void finishesWhatAKilledWriterHadBegunToPutInPlace(int steps) throws IOException {
        Path written = Files.createDirectory(folder.resolve(".written"));
        List<Step> all =
                List.of(
                        () -> Files.delete(folder.resolve("a")),
                        () -> Files.delete(written.resolve("a.deleted")),
                        () -> Files.delete(folder.resolve("b")),
                        () -> Files.delete(written.resolve("b.deleted")),
                        () -> Files.move(written.resolve("a"), folder.resolve("a")),
                        () -> Files.move(written.resolve("c"), folder.resolve("c")));
        Files.writeString(folder.resolve("a"), "1");
        Files.writeString(folder.resolve("b"), "1");
        Files.writeString(written.resolve("a"), "2");
        Files.writeString(written.resolve("c"), "2");
        Files.createFile(written.resolve("a.deleted"));
        Files.createFile(written.resolve("b.deleted"));
        Files.createFile(written.resolve(".lock"));
        for (Step step : all.subList(0, steps)) {
            step.run();
        }

        AtomicFolder.settle(folder);

        assertEquals(Map.of("a", "2", "c", "2"), files(folder));
    }

    @Test
    void forgetsWhatAKilledWriterHadNotFinished() throws IOException {
        Path writing = Files.createDirectory(folder.resolve(".writing-1"));
        Files.writeString(writing.resolve("a"), "half");
        Files.createFile(writing.resolve(".lock"));

        AtomicFolder.settle(folder);
        write(folder, Map.of("b", "1"));

        assertEquals(Map.of("b", "1"), files(folder));
    }

    @Test
    void sparesAWriterThatIsStillAtWork() throws IOException {
        AtomicFolder.write(
                folder,
                AtomicFolderTest::isPart,
                writing -> {
                    Files.writeString(writing.resolve("a"), "slow");
                    write(folder, Map.of("a", "quick"));
                    assertEquals("quick", Files.readString(folder.resolve("a")));
                });

        assertEquals(Map.of("a", "slow"), files(folder));
    }

    /** As a folder from a stranger may contain it. */
    @ParameterizedTest
    @ValueSource(strings = {".written", ".writing-1"})
    void aLinkToAFolderElsewhereIsNotFollowed(String name) throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Files.writeString(elsewhere.resolve("letter.txt"), "dear");
        Files.createSymbolicLink(model.resolve(name), elsewhere);

        AtomicFolder.settle(model);
        try {
            write(model, Map.of("a.txt", "new"));
        } catch (IOException e) {
            assertTrue(e.getMessage().startsWith(model.toString()), e.getMessage());
        }

        assertEquals(Map.of("letter.txt", "dear"), files(elsewhere));
    }

    @Test
    void aKilledWriterLeavesOneGenerationOnly() throws Exception {
        Random random = new Random(1);
        for (int i = 0; i < 8; i++) {
            Process writer = EndlessWriter.start(folder);
            try {
                writer.getInputStream().read(); // it has begun
                Thread.sleep(random.nextInt(20), random.nextInt(1_000_000));
            } finally {
                writer.destroyForcibly().waitFor();
            }
            assertTrue(new HashSet<>(visible().values()).size() <= 1, "mixed: " + visible());

            AtomicFolder.settle(folder);

            String generation = visible().get("a");
            assertEquals(EndlessWriter.files(Integer.parseInt(generation)), visible());
        }
        write(folder, Map.of("a", "1"));
        assertEquals(Map.of("a", "1"), files(folder));
    }

    private interface Step {
        void run() throws IOException;
    }

    /** Writes two files, then three, and so on, with the number of the writing in each. */
    static final class EndlessWriter {

        private EndlessWriter() {}

        static Process start(Path folder) throws Exception {
            String classes = location(AtomicFolder.class) + java.io.File.pathSeparator;
            return new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                            "-Xshare:auto",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            classes + location(EndlessWriter.class),
                            EndlessWriter.class.getName(),
                            folder.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        }

        private static Path location(Class<?> type) throws Exception {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
        }

        static Map<String, String> files(int generation) {
            String text = Integer.toString(generation);
            return generation % 2 == 0
                    ? Map.of("a", text, "b", text)
                    : Map.of("a", text, "b", text, "c", text);
        }

        public static void main(String[] arguments) throws IOException {
            for (int generation = 0; ; generation++) {
                write(Path.of(arguments[0]), files(generation));
                System.out.print('.');
                System.out.flush();
            }
        }
    }

    private static void write(Path folder, Map<String, String> files) throws IOException {
        AtomicFolder.write(
                folder,
                AtomicFolderTest::isPart,
                writing -> {
                    for (Map.Entry<String, String> file : files.entrySet()) {
                        Files.writeString(writing.resolve(file.getKey()), file.getValue());
                    }
                });
    }

    private static boolean isPart(String name) {
        return name.matches("[a-z]");
    }

    private Map<String, String> visible() throws IOException {
        Map<String, String> files = files(folder);
        files.keySet().removeIf(name -> name.startsWith("."));
        return files;
    }

    private static Map<String, String> files(Path folder) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> paths = Files.list(folder)) {
            for (Path path : paths.toList()) {
                String text = Files.isDirectory(path) ? "" : Files.readString(path);
                files.put(path.getFileName().toString(), text);
            }
        }
        return files;
    }
}
