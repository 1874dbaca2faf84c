package org.djlgpt.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A process that trains and writes for long holds no more than after a twentieth of that. */
class SoakTest {

    @BeforeEach
    void needsASystemThatTells() {
        assumeTrue(Footprint.isKnown());
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama"})
    void aShortRunLeavesNoArraysOrThreads(String model) throws Exception {
        List<Footprint> held = run(model, 200, 2000);

        assertEquals(held.get(0).arrays(), held.get(1).arrays(), "arrays: " + held);
        assertEquals(held.get(0).threads(), held.get(1).threads(), 2, "threads: " + held);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama"})
    @Tag("soak")
    void threeThousandStepsAndTwentyThousandTokensLeaveTheProcessAsItWas(String model)
            throws Exception {
        List<Footprint> held = run(model, 3000, 20_000);

        System.out.println("after 5 % and 100 %: " + held);
        assertEquals(held.get(0).arrays(), held.get(1).arrays(), "arrays: " + held);
        assertTrue(held.get(1).threads() <= 1.03 * held.get(0).threads(), "threads: " + held);
        assertTrue(held.get(1).kibibytes() <= 1.03 * held.get(0).kibibytes(), "memory: " + held);
    }

    /**
     * The heap is taken as a whole at the start, and the compiler that goes on optimizing, and
     * taking memory, for minutes is off, and its threads do not come and go: what changes is the
     * work's.
     */
    private static List<Footprint> run(String model, int steps, int tokens) throws Exception {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xms128m",
                                "-Xmx128m",
                                "-XX:+AlwaysPreTouch",
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-XX:-UseDynamicNumberOfCompilerThreads",
                                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                                "-cp",
                                System.getProperty("java.class.path"),
                                LongRun.class.getName(),
                                model,
                                Integer.toString(steps),
                                Integer.toString(tokens))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try {
            List<Footprint> held = read(process);
            assertEquals(0, process.waitFor());
            return held;
        } finally {
            process.destroyForcibly();
        }
    }

    private static List<Footprint> read(Process process) throws IOException {
        try (Stream<String> lines = process.inputReader().lines()) {
            return lines.map(
                            line -> Stream.of(line.split(" ")).mapToLong(Long::parseLong).toArray())
                    .map(values -> new Footprint(values[0], values[1], values[2]))
                    .toList();
        }
    }
}
