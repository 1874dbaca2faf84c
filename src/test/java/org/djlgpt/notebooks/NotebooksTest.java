package org.djlgpt.notebooks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Every notebook runs from top to bottom and gives the outputs that are committed with it: of
 * images that they come, of cells tagged as varying what kinds of output come, of anything else
 * every character. Numbers count on a CPU only: a GPU's generator draws others.
 */
class NotebooksTest {

    @TestFactory
    Stream<DynamicTest> runsAndGivesTheCommittedOutputs() {
        return Notebook.in(Path.of("notebooks")).stream()
                .map(
                        file ->
                                DynamicTest.dynamicTest(
                                        file.getFileName().toString(), () -> run(file)));
    }

    private static void run(Path file) throws IOException, CellFailure {
        List<CodeCell> cells = Notebook.read(file).codeCells();
        List<JsonArray> outputs = IJavaProcess.execute(cells);
        for (int i = 0; i < cells.size(); i++) {
            CodeCell cell = cells.get(i);
            assertEquals(
                    cell.comparable(cell.outputs()),
                    cell.comparable(outputs.get(i)),
                    () -> changed(file, cell));
        }
    }

    private static String changed(Path file, CodeCell cell) {
        return "cell %s gives other outputs; if it should, mvn -q test-compile exec:exec@notebooks -Dnotebooks=%s"
                .formatted(cell.id(), file);
    }

    /** JupyterLab marks a notebook as changed whose kernel describes itself in other words. */
    @TestFactory
    Stream<DynamicTest> isAsJupyterLabWithJJavaSavesIt() {
        return Notebook.in(Path.of("notebooks")).stream()
                .map(
                        file ->
                                DynamicTest.dynamicTest(
                                        file.getFileName().toString(), () -> assertSaved(file)));
    }

    private static void assertSaved(Path file) throws IOException {
        String text = Files.readString(file);
        assertEquals(
                """
                 "metadata": {
                  "kernelspec": {
                   "display_name": "Java (jjava)",
                   "language": "java",
                   "name": "java"
                  },
                  "language_info": {
                   "codemirror_mode": "java",
                   "file_extension": ".jshell",
                   "mimetype": "text/x-java-source",
                   "name": "Java",
                   "pygments_lexer": "java",
                   "version": "VERSION"
                  }
                 },
                 "nbformat": 4,
                 "nbformat_minor": 5
                }
                """,
                text.substring(text.lastIndexOf(" \"metadata\": {"))
                        .replaceFirst(
                                "\"version\": \"\\d+(\\.\\d+)*\\+.+\"",
                                "\"version\": \"VERSION\""));
        assertEquals(Notebook.read(file).toString(), text);
    }
}
