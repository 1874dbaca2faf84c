package org.djlgpt.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** {@code gpt train} in a process of its own, which can be killed. */
final class TrainingProcess implements AutoCloseable {

    private final Process process;
    private final BufferedReader output;
    private final List<String> lines = new ArrayList<>();

    private TrainingProcess(Process process) {
        this.process = process;
        output = process.inputReader();
    }

    /** Starts a process and waits until it is about to do its first step. */
    static TrainingProcess train(Object... options) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx256m",
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Gpt.class.getName(),
                                "train"));
        Stream.of(options).map(Object::toString).forEach(command::add);
        TrainingProcess training =
                new TrainingProcess(new ProcessBuilder(command).redirectErrorStream(true).start());
        training.awaitStep();
        return training;
    }

    /** Waits for the next line about a step. */
    void awaitStep() throws IOException {
        String line = "";
        while (line != null && !line.startsWith("step")) {
            line = readLine();
        }
    }

    private String readLine() throws IOException {
        String line = output.readLine();
        if (line != null) {
            lines.add(line);
        }
        return line;
    }

    /** Ends the process as a power cut does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Sends a signal, such as "INT", as a shell does. */
    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    }

    /** Waits for the end and returns the exit code. */
    int exitCode() throws IOException, InterruptedException {
        while (readLine() != null) {
            continue;
        }
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("the process does not end");
        }
        return process.exitValue();
    }

    /** Returns what the process has said so far, as it was read. */
    String said() {
        return String.join("\n", lines);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
