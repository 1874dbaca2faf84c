package org.djlgpt.notebooks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Every notebook runs from top to bottom and gives the outputs that are committed with it: of
 * images that they come, of cells tagged as varying what kinds of output come, of anything else
 * every character.
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
        Notebook.read(file)
                .execute(
                        (cell, outputs) ->
                                assertEquals(
                                        cell.comparable(cell.outputs()),
                                        cell.comparable(outputs),
                                        () -> changed(file, cell)));
    }

    private static String changed(Path file, CodeCell cell) {
        return "cell %s gives other outputs; if it should, mvn -q test-compile exec:exec@notebooks -Dnotebooks=%s"
                .formatted(cell.id(), file);
    }
}
