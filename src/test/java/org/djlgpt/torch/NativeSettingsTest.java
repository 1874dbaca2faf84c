package org.djlgpt.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineProvider;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtEngine;
import ai.djl.pytorch.engine.PtEngineProvider;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;

/** Whoever uses DJL gets the settings; what libgomp took is what it prints itself. */
@Timeout(60)
class NativeSettingsTest {

    private static final String SETTING = "GOMP_SPINCOUNT = '10000'";

    /** A program that knows DJL only. */
    static final class Stranger {
        public static void main(String[] arguments) {
            System.out.println("default engine " + Engine.getDefaultEngineName());
            try (NDManager manager = ComputeDevice.newManager()) {
                System.out.println("sum " + manager.arange(4).sum().getLong());
            }
        }
    }

    /** A program that asks which engine there is, and what was set. */
    static final class Asking {
        public static void main(String[] arguments) {
            System.out.println(
                    Engine.getDefaultEngineName() + " engine, " + NativeSettings.describe());
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aProgramThatKnowsOnlyDjlGetsThem() throws IOException {
        String output = run(Stranger.class, Map.of());
        assertTrue(output.contains(SETTING), output);
        assertTrue(output.contains("default engine PyTorch") && output.contains("sum 6"), output);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aPropertyDeclinesThem() throws IOException {
        String output = run(Stranger.class, Map.of(), "-Ddjlgpt.nativeSettings=false");
        assertTrue(output.contains("GOMP_SPINCOUNT"), output);
        assertFalse(output.contains(SETTING), output);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void theEnvironmentHasTheLastWord() throws IOException {
        String spinning = run(Stranger.class, Map.of("GOMP_SPINCOUNT", "77"));
        assertTrue(spinning.contains("GOMP_SPINCOUNT = '77'"), spinning);
        String passive = run(Stranger.class, Map.of("OMP_WAIT_POLICY", "passive"));
        assertTrue(passive.contains("GOMP_SPINCOUNT = '0'"), passive);
    }

    @Test
    void withoutJnaTheEngineIsThereAllTheSame() throws IOException {
        String output = run(Asking.class, Map.of(), "-cp", classPathWithoutJna());
        assertTrue(output.contains("PyTorch engine, native settings: default"), output);
    }

    @Test
    void whereJnaHasNoLibraryTheEngineIsThereAllTheSame() throws IOException {
        String output = run(Asking.class, Map.of(), "-Djna.nounpack=true", "-Djna.nosys=true");
        assertTrue(output.contains("PyTorch engine, native settings: default"), output);
    }

    @Test
    void theEnginesAreThoseOfDjl() {
        Set<String> names = new HashSet<>();
        for (EngineProvider provider : ServiceLoader.load(EngineProvider.class)) {
            if (!provider.getClass().getName().startsWith("org.djlgpt")) {
                names.add(provider.getEngineName());
            }
        }
        assertEquals(names, Engine.getAllEngines());
        assertEquals(PtEngine.ENGINE_NAME, Engine.getDefaultEngineName());

        EngineProvider plain = new PtEngineProvider();
        EngineProvider ours = new NativeSettings.PyTorchProvider();
        assertEquals(plain.getEngineRank(), ours.getEngineRank());
        assertSame(plain.getEngine(), ours.getEngine());
    }

    @Test
    void aReportSaysWhatWasSet() {
        Engine.getInstance();
        String description = NativeSettings.describe();
        assertFalse(description.contains("not made"), description);
    }

    /** Runs a program in a JVM of its own, and returns what it and libgomp print. */
    private static String run(Class<?> program, Map<String, String> variables, String... options)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(options));
        command.add(program.getName());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeAll(List.of("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"));
        builder.environment().put("OMP_DISPLAY_ENV", "VERBOSE");
        builder.environment().putAll(variables);
        return new String(builder.start().getInputStream().readAllBytes());
    }

    private static String classPathWithoutJna() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(part -> !Path.of(part).getFileName().toString().startsWith("jna"))
                .collect(Collectors.joining(File.pathSeparator));
    }
}
