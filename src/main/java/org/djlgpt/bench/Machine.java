package org.djlgpt.bench;

import ai.djl.engine.Engine;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a benchmark ran on.
 *
 * @param system the operating system
 * @param processor the processor, its cores as this process sees them, and the memory
 * @param software the versions of Java and DJL
 * @param load the mean number of programs that wanted a core in the last minute; below 0 if unknown
 */
record Machine(String system, String processor, String software, double load) {

    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final double QUIET = 0.5;
    private static final double GIB = 1 << 30;

    static Machine current() {
        String architecture = property("os.arch");
        String processor =
                String.format(
                        Locale.ROOT,
                        "%s, %d cores, %s memory",
                        cpuModel(architecture),
                        Runtime.getRuntime().availableProcessors(),
                        memory());
        return new Machine(
                "%s %s, %s".formatted(property("os.name"), property("os.version"), architecture),
                processor,
                "Java %s (%s), DJL %s"
                        .formatted(
                                property("java.version"),
                                property("java.vm.name"),
                                Engine.getDjlVersion()),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    /** Returns a warning if other programs are at work, else nothing. */
    Optional<String> warning() {
        return load > QUIET
                ? Optional.of(
                        "load %s at the start: other programs wanted the cores, figures are noisy"
                                .formatted(TextTable.number(load, 1)))
                : Optional.empty();
    }

    private static String property(String name) {
        return System.getProperty(name);
    }

    private static String cpuModel(String otherwise) {
        if (!Files.isReadable(CPU_INFO)) {
            return otherwise;
        }
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(otherwise);
        } catch (IOException e) {
            return otherwise;
        }
    }

    private static String memory() {
        return ManagementFactory.getOperatingSystemMXBean()
                        instanceof com.sun.management.OperatingSystemMXBean system
                ? TextTable.number(system.getTotalMemorySize() / GIB, 1) + " GiB"
                : "unknown";
    }
}
