package org.djlgpt.notebooks;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import org.djlgpt.attention.SelfAttention;
import org.djlgpt.testing.Figures;
import org.djlgpt.testing.OnCpu;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The notebooks on attention show every published figure, to 4 decimals. */
@OnCpu(OnCpu.DRAWS)
class PublishedFiguresInNotebooksTest {

    private static final List<String> NOTEBOOKS =
            List.of("01-self-attention", "02-causal-attention", "03-multi-head-attention");

    /** What a figure was computed from, which stands in the source of a cell. */
    private static final String INPUT = "a";

    @TestFactory
    Stream<DynamicTest> areThere() throws IOException {
        List<String> shown = words();
        JsonObject figures = Figures.read(SelfAttention.class, "published-figures.json");
        return figures.getAsJsonArray("cases").asList().stream()
                .map(JsonElement::getAsJsonObject)
                .map(
                        figure ->
                                DynamicTest.dynamicTest(
                                        figure.get("id").getAsString(),
                                        () -> assertShown(figure, shown)));
    }

    private static List<String> words() throws IOException {
        StringBuilder text = new StringBuilder();
        for (String name : NOTEBOOKS) {
            Notebook notebook = Notebook.read(Path.of("notebooks", name + ".ipynb"));
            notebook.codeCells().forEach(cell -> text.append(cell.comparable(cell.outputs())));
        }
        return List.of(text.toString().split("\\s+"));
    }

    private static void assertShown(JsonObject figure, List<String> shown) {
        figure.asMap().entrySet().stream()
                .filter(entry -> entry.getValue().isJsonArray() && !entry.getKey().equals(INPUT))
                .flatMap(entry -> rows(entry.getValue().getAsJsonArray()))
                .forEach(
                        row ->
                                assertTrue(
                                        Collections.indexOfSubList(shown, row) >= 0,
                                        () -> "not shown: " + row));
    }

    private static Stream<List<String>> rows(JsonArray array) {
        if (array.get(0).isJsonArray()) {
            return array.asList().stream().flatMap(inner -> rows(inner.getAsJsonArray()));
        }
        return Stream.of(
                StreamSupport.stream(array.spliterator(), false)
                        .map(PublishedFiguresInNotebooksTest::written)
                        .toList());
    }

    private static String written(JsonElement number) {
        return number.getAsString().equals("-inf")
                ? "-Infinity"
                : String.format(Locale.ROOT, "%.4f", number.getAsDouble());
    }
}
