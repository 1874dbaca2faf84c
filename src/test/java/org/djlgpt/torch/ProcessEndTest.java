package org.djlgpt.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Real processes that end while a thread of theirs is in a backward pass of seconds. */
@EnabledOnOs(OS.LINUX)
class ProcessEndTest {

    private static final int EXIT_CODE = 7;

    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource({"EXIT, 7", "HALT, 7", "RETURN, 0", "SIGNAL, 143"})
    @Timeout(120)
    void aProcessEndsInPeaceWhileAThreadComputes(End end, int exitCode) throws Exception {
        Process process = start(end);
        try {
            assertEquals('!', process.getInputStream().read());
            if (end == End.SIGNAL) {
                Thread.sleep(Program.INTO_THE_PASS_MILLIS);
                process.toHandle().destroy();
            }
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it does not end");
            assertEquals(exitCode, process.exitValue(), () -> rest(process));
            try (Stream<Path> reports = Files.list(folder)) {
                assertEquals(List.of(), reports.toList());
            }
        } finally {
            process.destroyForcibly();
        }
    }

    private Process start(End end) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:ErrorFile=" + folder.resolve("crash.log"),
                        "-XX:-CreateCoredumpOnCrash",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Program.class.getName(),
                        end.name())
                .redirectErrorStream(true)
                .start();
    }

    private static String rest(Process process) {
        try {
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }

    enum End {
        EXIT,
        HALT,
        RETURN,
        SIGNAL
    }

    /** Computes in one thread and ends by another. */
    static final class Program {

        static final int INTO_THE_PASS_MILLIS = 200;

        private static final int DEPTH = 80;
        private static final int WIDTH = 1024;
        private static final CountDownLatch FORWARD_PASS = new CountDownLatch(1);

        public static void main(String[] arguments) throws InterruptedException {
            Thread computing = new Thread(Program::compute);
            computing.setDaemon(true);
            computing.start();
            FORWARD_PASS.await();
            System.out.print('!');
            System.out.flush();
            Thread.sleep(INTO_THE_PASS_MILLIS);
            switch (End.valueOf(arguments[0])) {
                case EXIT -> System.exit(EXIT_CODE);
                case HALT -> Runtime.getRuntime().halt(EXIT_CODE);
                case SIGNAL -> Thread.sleep(60_000);
                case RETURN -> {}
            }
        }

        private static void compute() {
            try (NDManager manager = ComputeDevice.newManager();
                    Recording on = Recording.on()) {
                NDArray weight = manager.eye(WIDTH, WIDTH, 0, DataType.FLOAT32);
                weight.setRequiresGradient(true);
                NDArray output = manager.ones(new Shape(WIDTH, WIDTH));
                for (int i = 0; i < DEPTH; i++) {
                    output =
                            Kernels.linear(output, List.of(weight), List.of(), FloatType.FLOAT32)
                                    .head();
                }
                NDArray loss = output.mean();
                FORWARD_PASS.countDown();
                Gradients.of(loss, List.of(weight));
            }
        }
    }
}
