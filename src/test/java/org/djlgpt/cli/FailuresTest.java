package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.EngineException;
import ai.djl.util.Utils;

import org.djlgpt.cli.console.Failures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import picocli.CommandLine;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A failure is explained in one line of words. */
class FailuresTest {

    private static final Path CACHE = Utils.getEngineCacheDir();

    @Test
    void aFileIsNamedWithWhatIsWrong() {
        assertHeard("a/b: does not exist", new NoSuchFileException("a/b"));
        assertHeard("a/b: permission denied", new AccessDeniedException("a/b"));
        assertHeard("a: give another", new NoSuchFileException("a", null, "give another"));
    }

    @Test
    void whateverANameHasTheLineIsOne() {
        assertHeard(
                "two\\nlines\\r of one name",
                new IllegalArgumentException("two\nlines\r of one name"));
    }

    @Test
    void aFailureOfTheLibraryIsExplainedByItsCause() {
        assertHeard(
                "DJL can't put its native libraries into "
                        + CACHE
                        + " (No space left on device); let DJL_CACHE_DIR name a folder with room"
                        + " that you may write to",
                new EngineException("failed", new IOException("No space left on device")));
        assertHeard(
                "Failed to download (publish.djl.ai); connect to the network once, or bring its"
                        + " artifact",
                new EngineException(
                        "Failed to download", new UnknownHostException("publish.djl.ai")));
        assertHeard(
                "libtorch.so: file too short; DJL keeps it in "
                        + CACHE
                        + ": delete that if it is damaged, or let DJL_CACHE_DIR name another folder"
                        + " that you may write to",
                new EngineException("x", new UnsatisfiedLinkError("libtorch.so: file too short")));
        assertHeard(
                "RuntimeError: can't allocate memory: 9 bytes; choose a smaller model, batch,"
                        + " context or number of samples",
                new EngineException(
                        "Traceback\n  at x\nRuntimeError: can't allocate memory: 9 bytes\n"));
        assertHeard(
                "libtorch failed: shape '[2]' is invalid; report it with the command that led to"
                        + " it",
                new EngineException("shape '[2]' is invalid\nmore"));
    }

    @Test
    void aClassPathThatDoesNotFitIsExplained() {
        StringWriter err = new StringWriter();

        assertEquals(
                2, Failures.execution(new NoClassDefFoundError("a/B"), new PrintWriter(err, true)));
        assertEquals("gpt: the class path does not fit: a/B", err.toString().strip());
    }

    @Test
    void aDefectOfTheProgramIsNotHidden() {
        assertThrows(
                IllegalStateException.class,
                () ->
                        Failures.execution(
                                new IllegalStateException("defect"),
                                new CommandLine(new Gpt()),
                                null));
    }

    @Test
    void aCacheFolderThatIsNoneIsNamed(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");
        ProcessBuilder gpt =
                new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Gpt.class.getName(),
                        "info",
                        "--model",
                        folder.toString());
        gpt.environment().put("DJL_CACHE_DIR", file.toString());
        Process process = gpt.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());

        assertEquals(2, process.waitFor(), said);
        assertTrue(
                said.startsWith("gpt: DJL can't put its native libraries into " + file + " ("),
                said);
        assertEquals(1, said.lines().count(), said);
    }

    private static void assertHeard(String expected, Exception failure) {
        StringWriter err = new StringWriter();
        CommandLine command = new CommandLine(new Gpt()).setErr(new PrintWriter(err, true));
        try {
            assertEquals(2, Failures.execution(failure, command, null));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        assertEquals("gpt: " + expected, err.toString().strip());
    }
}
