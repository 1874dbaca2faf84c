package org.djlgpt.bench;

import com.google.gson.Gson;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Runs cases, each in a Java process of its own. */
final class WorkerProcess {

    private static final int SIGNAL = 128;

    /** System properties that start like this reach the worker: they configure DJL or us. */
    private static final List<String> HANDED_ON =
            List.of("ai.djl.", "djlgpt.", "org.slf4j.", "DJL_", "ENGINE_", "PYTORCH_");

    private final String classPath;
    private final String mainClass;
    private final Map<String, String> properties;
    private final int limitSeconds;

    /**
     * Makes a launcher.
     *
     * @param classPath where the worker's classes are
     * @param mainClass a class with a {@code main} like {@link Worker}'s
     * @param properties system properties of the worker, besides ours
     * @param limitSeconds when a worker is killed that has not ended
     */
    WorkerProcess(
            String classPath, String mainClass, Map<String, String> properties, int limitSeconds) {
        this.properties = properties;
        this.classPath = classPath;
        this.mainClass = mainClass;
        this.limitSeconds = limitSeconds;
    }

    /**
     * Returns where the classes of a class loader come from, so that another process can load them.
     *
     * @param loader a loader of URLs, as build tools use inside their own process, or any other,
     *     for which the process's class path is returned
     * @return a class path for the command line
     */
    static String classPath(ClassLoader loader) {
        if (!(loader instanceof URLClassLoader urls)) {
            return System.getProperty("java.class.path");
        }
        return Stream.of(urls.getURLs())
                .filter(url -> url.getProtocol().equals("file"))
                .map(url -> Path.of(URI.create(url.toString())).toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    /**
     * Runs a case and waits for its end.
     *
     * @param work the case
     * @param effort the effort that it was made for
     * @return what the worker measured, or why it did not
     * @throws IOException if no process can be started
     * @throws InterruptedException if the thread is interrupted; the worker is dead then
     */
    Outcome run(Case work, Effort effort) throws IOException, InterruptedException {
        Path output = Files.createTempFile("gpt-bench", ".txt");
        try {
            ProcessBuilder builder = new ProcessBuilder(command(work, effort));
            builder.redirectErrorStream(true).redirectOutput(output.toFile());
            builder.environment(); // what Java found at its start, without what we set since
            Process process = builder.start();
            boolean ended;
            try {
                ended = process.waitFor(limitSeconds, TimeUnit.SECONDS);
            } finally {
                process.destroyForcibly().waitFor();
            }
            String text = Files.readString(output, StandardCharsets.ISO_8859_1);
            return ended
                    ? outcome(work, text.lines().toList(), process.exitValue())
                    : Outcome.failed(work, "too slow: > %d s".formatted(limitSeconds));
        } finally {
            Files.delete(output);
        }
    }

    private List<String> command(Case work, Effort effort) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED"); // or newer Javas warn in the output
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("-XX:Tier")) // what is compiled, as here
                .forEach(command::add);
        command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-cp", classPath));
        for (String name : System.getProperties().stringPropertyNames()) {
            if (HANDED_ON.stream().anyMatch(name::startsWith)) {
                command.add("-D%s=%s".formatted(name, System.getProperty(name)));
            }
        }
        properties.forEach((name, value) -> command.add("-D%s=%s".formatted(name, value)));
        if (work.stock()) {
            command.add("-Ddjlgpt.nativeSettings=false");
        }
        command.addAll(List.of(mainClass, effort.name(), work.id()));
        return command;
    }

    private static Outcome outcome(Case work, List<String> lines, int exit) {
        List<String> latestFirst = new ArrayList<>(lines);
        Collections.reverse(latestFirst);
        for (String line : latestFirst) {
            if (line.startsWith(Worker.RESULT)) {
                return new Gson().fromJson(line.substring(Worker.RESULT.length()), Outcome.class);
            }
        }
        String last =
                latestFirst.stream().filter(l -> !l.isBlank()).findFirst().orElse("no output");
        return Outcome.failed(work, reason(exit) + ": " + last.strip());
    }

    private static String reason(int exit) {
        return exit > SIGNAL
                ? "killed by signal %d".formatted(exit - SIGNAL)
                : "ended with exit code %d".formatted(exit);
    }
}
