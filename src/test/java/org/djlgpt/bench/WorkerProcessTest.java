package org.djlgpt.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

@Timeout(60)
class WorkerProcessTest {

    private static final String CLASS_PATH =
            WorkerProcess.classPath(WorkerProcessTest.class.getClassLoader());
    private static final Case WORK = Suite.of(Effort.QUICK).find("attention memory: T = 1024");

    /** Says something and fails. */
    static final class Failing {
        public static void main(String[] arguments) {
            System.out.println("about to fail");
            System.err.println("out of luck");
            System.exit(3);
        }
    }

    /** Ends as a process does that the system kills. */
    static final class Killed {
        public static void main(String[] arguments) {
            Runtime.getRuntime().halt(137);
        }
    }

    /** Tells what it was started with. */
    static final class Curious {
        public static void main(String[] arguments) {
            System.out.println(
                    String.join(" ", arguments)
                            + " "
                            + System.getProperty("djlgpt.nativeSettings")
                            + " "
                            + System.getenv("GOMP_SPINCOUNT"));
            System.exit(1);
        }
    }

    /** Never ends. */
    static final class Endless {
        public static void main(String[] arguments) throws InterruptedException {
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    private static Outcome run(Class<?> worker, Case work)
            throws IOException, InterruptedException {
        return new WorkerProcess(CLASS_PATH, worker.getName(), Map.of(), 60)
                .run(work, Effort.QUICK);
    }

    @Test
    void aWorkerMeasures() throws IOException, InterruptedException {
        Outcome outcome = run(Worker.class, WORK);
        assertNull(outcome.error());
        assertEquals(WORK.name(), outcome.row());
        assertTrue(outcome.engine().startsWith("libtorch"), outcome.engine());
        assertEquals(
                List.of(AttentionSection.BASE, AttentionSection.ALL),
                outcome.samples().stream().map(Outcome.Samples::phase).toList());
        assertTrue(outcome.median(AttentionSection.ALL) > 0);
        if (Worker.peakBytes() > 0) {
            double base = outcome.peakMebibytes(AttentionSection.BASE);
            assertTrue(base > 0 && outcome.peakMebibytes() > base, outcome.toString());
        }
    }

    @Test
    void aFailingWorkerIsAnOutcome() throws IOException, InterruptedException {
        Outcome outcome = run(Failing.class, WORK);
        assertEquals("ended with exit code 3: out of luck", outcome.error());
        assertTrue(outcome.samples().isEmpty());
    }

    @Test
    void aKilledWorkerIsAnOutcome() throws IOException, InterruptedException {
        assertEquals("killed by signal 9: no output", run(Killed.class, WORK).error());
    }

    @Test
    void aWorkerThatDoesNotEndIsAnOutcome() throws IOException, InterruptedException {
        WorkerProcess impatient =
                new WorkerProcess(CLASS_PATH, Endless.class.getName(), Map.of(), 1);
        assertEquals("too slow: > 1 s", impatient.run(WORK, Effort.QUICK).error());
        assertEquals(0, children());
    }

    @Test
    void aWorkerIsToldItsCaseAndInheritsNoSettings() throws IOException, InterruptedException {
        Engine.getInstance(); // makes the settings
        Case stock = Suite.of(Effort.QUICK).find("optimizer: DJL AdamW *");
        String expected = "ended with exit code 1: QUICK optimizer: DJL AdamW * false ";
        String before = System.getenv("GOMP_SPINCOUNT");
        assertEquals(expected + before, run(Curious.class, stock).error());
    }

    @Test
    void aWorkerIsToldProperties() throws IOException, InterruptedException {
        Map<String, String> told = Map.of("djlgpt.nativeSettings", "told");
        WorkerProcess process = new WorkerProcess(CLASS_PATH, Curious.class.getName(), told, 60);

        String error = process.run(WORK, Effort.QUICK).error();

        assertTrue(error.contains(WORK.id() + " told "), error);
    }

    @Test
    void anInterruptEndsTheWorker() throws InterruptedException {
        AtomicReference<Exception> thrown = new AtomicReference<>();
        Thread thread =
                new Thread(
                        () ->
                                thrown.set(
                                        assertThrows(
                                                InterruptedException.class,
                                                () -> run(Endless.class, WORK))));
        thread.start();
        while (children() == 0) {
            Thread.sleep(10);
        }
        thread.interrupt();
        thread.join();
        assertTrue(thrown.get() instanceof InterruptedException);
        assertEquals(0, children());
    }

    @Test
    void aWorkerEndsWithItsParent() throws IOException, InterruptedException {
        Case longer = Suite.of(Effort.FULL).find("GPT-2: oracle *");
        Process worker =
                new ProcessBuilder(
                                ProcessHandle.current().info().command().orElseThrow(),
                                "-cp",
                                CLASS_PATH,
                                Worker.class.getName(),
                                Effort.FULL.name(),
                                longer.id())
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        worker.getOutputStream().close(); // what the system does when this process ends
        assertTrue(worker.waitFor(30, TimeUnit.SECONDS));
        assertEquals(Worker.ORPHANED, worker.exitValue());
    }

    @Test
    void aBuildToolsLoaderIsAskedForItsFiles() throws IOException {
        Path classes = Path.of("with space", "classes").toAbsolutePath();
        Path jar = Path.of("lib.jar").toAbsolutePath();
        URL[] urls = {
            classes.toUri().toURL(), jar.toUri().toURL(), URI.create("http://host/a.jar").toURL()
        };
        try (URLClassLoader loader = new URLClassLoader(urls)) {
            assertEquals(classes + File.pathSeparator + jar, WorkerProcess.classPath(loader));
        }
    }

    @Test
    void otherwiseTheProcessKnows() {
        ClassLoader loader = ClassLoader.getSystemClassLoader();
        assertEquals(System.getProperty("java.class.path"), WorkerProcess.classPath(loader));
    }

    private static long children() {
        return ProcessHandle.current().children().filter(ProcessHandle::isAlive).count();
    }
}
