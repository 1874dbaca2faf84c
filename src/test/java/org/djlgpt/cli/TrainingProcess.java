package org.djlgpt.cli;

import org.djlgpt.torch.ComputeDevice;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
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
        return start(new ProcessBuilder(command(options)));
    }

    /** Starts a process in a terminal of its own and waits until it is about to do a step. */
    static TrainingProcess trainInTerminal(Map<String, String> environment, Object... options)
            throws IOException {
        String line =
                command(options).stream()
                        .map(word -> "'" + word.replace("'", "'\\''") + "'")
                        .collect(Collectors.joining(" "));
        ProcessBuilder terminal =
                new ProcessBuilder("script", "-q", "-e", "-f", "-c", "exec " + line, "/dev/null");
        terminal.environment().put("TERM", "xterm");
        terminal.environment().putAll(environment);
        return start(terminal);
    }

    private static List<String> command(Object... options) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx256m",
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                                "-Ddjlgpt.device=" + ComputeDevice.name(ComputeDevice.get()),
                                "-cp",
                                System.getProperty("java.class.path"),
                                Gpt.class.getName(),
                                "train"));
        Stream.of(options).map(Object::toString).forEach(command::add);
        return command;
    }

    /** Starts a training by any command line and waits until it is about to do a step. */
    static TrainingProcess start(ProcessBuilder command) throws IOException {
        TrainingProcess training = new TrainingProcess(command.redirectErrorStream(true).start());
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
        return line == null ? null : withoutControls(line);
    }

    private static String withoutControls(String text) {
        return text.replaceAll("\033\\[[?\\d]*[A-Za-z]", "");
    }

    /** Ends the process as a power cut does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Presses a key together with Ctrl on the process's terminal. */
    void pressCtrl(char key) throws IOException {
        process.getOutputStream().write(key & 0x1F);
        process.getOutputStream().flush();
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

    /** Returns what the process has said so far, as it was read, without colors and the like. */
    String said() {
        return withoutControls(written());
    }

    /** Returns what the process has said so far, with all that steers a terminal. */
    String written() {
        return String.join("\n", lines);
    }

    /** Returns the number of the process. */
    long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
