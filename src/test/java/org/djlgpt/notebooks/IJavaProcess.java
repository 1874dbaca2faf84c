package org.djlgpt.notebooks;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;

import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Reader;
import java.io.Writer;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Executes cells in a process that is made as IJava is: the kernel's own classes come first, with
 * the Gson of its time among them, and the library is loaded by the magic of the first cell, its
 * jars in alphabetical order.
 */
public final class IJavaProcess {

    /** The Gson inside IJava 1.3.0, where the build puts it. */
    private static final Path GSON = Path.of("target", "ijava", "gson-2.8.5.jar");

    /** What cells or the library read; the process is given what this one has. */
    private static final List<String> PROPERTIES =
            List.of(
                    "notebook.steps",
                    "djlgpt.bfloat16",
                    "djlgpt.device",
                    "org.slf4j.simpleLogger.defaultLogLevel");

    /** Far more than any cell needs, so that only one that never ends is stopped. */
    private static final Duration CELL_LIMIT = Duration.ofMinutes(5);

    private IJavaProcess() {}

    /**
     * Executes cells from first to last in a fresh kernel.
     *
     * @return the outputs of each
     * @throws CellFailure if a cell fails; the message names it
     */
    static List<JsonArray> execute(List<CodeCell> cells) throws IOException, CellFailure {
        Process process =
                new ProcessBuilder(command())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try (Writer in = process.outputWriter(StandardCharsets.UTF_8)) {
            new Gson().toJson(cells.stream().map(CodeCell::source).toList(), in);
        }
        JsonArray all;
        try (Reader out = process.inputReader(StandardCharsets.UTF_8)) {
            all = new Gson().fromJson(out, JsonArray.class);
        }
        if (all == null) {
            throw new CellFailure("the process ended without a word");
        }
        List<JsonArray> outputs = new ArrayList<>();
        for (JsonElement output : all) {
            if (output.isJsonPrimitive()) {
                String id = cells.get(outputs.size()).id();
                throw new CellFailure("cell " + id + ": " + output.getAsString());
            }
            outputs.add(output.getAsJsonArray());
        }
        return outputs;
    }

    private static List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of(
                        "-Xmx1g",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Djava.awt.headless=true"));
        for (String name : PROPERTIES) {
            if (System.getProperty(name) != null) {
                command.add("-D" + name + "=" + System.getProperty(name));
            }
        }
        command.add("-D" + KernelFunctions.LIBRARY + "=" + library());
        command.addAll(
                List.of("-cp", GSON + File.pathSeparator + own(), IJavaProcess.class.getName()));
        return command;
    }

    /** Returns where the classes of this package are. */
    private static Path own() {
        try {
            return Path.of(
                    IJavaProcess.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String library() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(entry -> !entry.equals(own()))
                .sorted(Comparator.comparing(entry -> entry.getFileName().toString()))
                .map(Path::toString)
                .collect(Collectors.joining(File.pathSeparator));
    }

    /**
     * Reads sources as a JSON array and writes one of their outputs; a cell that fails is the last,
     * with its failure in the place of outputs.
     *
     * @param arguments none
     */
    public static void main(String... arguments) throws IOException, CellFailure {
        Writer out = new OutputStreamWriter(System.out, StandardCharsets.UTF_8);
        Reader in = new InputStreamReader(System.in, StandardCharsets.UTF_8);
        JsonArray outputs = new JsonArray();
        try (JShellKernel kernel = new JShellKernel(CELL_LIMIT)) {
            for (String source : new Gson().fromJson(in, String[].class)) {
                outputs.add(kernel.execute(source));
            }
        } catch (CellFailure e) {
            outputs.add(e.getMessage());
        }
        new Gson().toJson(outputs, out);
        out.flush();
        System.exit(0); // whatever threads the cells have left behind
    }
}
