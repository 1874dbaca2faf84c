package org.djlgpt.notebooks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonParser;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.PrintStream;
import java.time.Duration;

/** What runs the notebooks shows what Jupyter's Java kernels show, and misses no failure. */
class JShellKernelTest {

    private final PrintStream standardOutput = System.out;
    private final ClassLoader contextClassLoader = Thread.currentThread().getContextClassLoader();
    private final Thread.UncaughtExceptionHandler uncaught =
            Thread.getDefaultUncaughtExceptionHandler();
    private JShellKernel kernel;

    @BeforeEach
    void start() throws CellFailure {
        kernel = new JShellKernel(Duration.ofSeconds(20));
    }

    @AfterEach
    void closeAndFindEverythingAsItWas() {
        kernel.close();
        assertSame(standardOutput, System.out);
        assertSame(contextClassLoader, Thread.currentThread().getContextClassLoader());
        assertSame(uncaught, Thread.getDefaultUncaughtExceptionHandler());
    }

    @Test
    void printedAndDisplayedOutputsAndTheResultComeInOrder() throws CellFailure {
        assertOutputs(
                """
                [{"output_type": "stream", "name": "stdout", "text": ["a\\n", "b"]},
                 {"output_type": "display_data", "data": {"text/plain": ["shown"]}, "metadata": {}},
                 {"output_type": "execute_result", "data": {"text/plain": ["5"]}, "metadata": {}}]
                """,
                """
                System.out.print("a\\nb");
                String id = display("shown");
                int five = 5;
                five
                """);
    }

    @Test
    void aDisplayThatIsUpdatedShowsTheLastValueInTheFirstPlace() throws CellFailure {
        assertOutputs(
                """
                [{"output_type": "display_data", "data": {"text/plain": ["2"]}, "metadata": {}},
                 {"output_type": "stream", "name": "stdout", "text": ["after"]}]
                """,
                """
                String id = display(1);
                System.out.print("after");
                updateDisplay(id, 2);
                """);
    }

    @Test
    void renderedTextShowsAsItsType() throws CellFailure {
        assertOutputs(
"""
[{"output_type": "execute_result", "data": {"text/html": ["<b>x</b>"]}, "metadata": {}}]
""",
                "render(\"<b>x</b>\", \"text/html\")");
    }

    @Test
    void anImageShowsAsPng() throws CellFailure {
        JsonArray outputs = kernel.execute("new java.awt.image.BufferedImage(2, 2, 1)");

        assertTrue(outputs.toString().contains("{\"image/png\":\"iVBORw0KGgo"));
    }

    @Test
    void assignmentsDeclarationsAndNullShowNothing() throws CellFailure {
        assertOutputs("[]", "int x;");
        assertOutputs("[]", "x = 5;");
        assertOutputs("[]", "Map.of().get(1)");
    }

    @Test
    void cellsThatCanNotRunFail() {
        assertFails("IllegalStateException: no", "throw new IllegalStateException(\"no\");");
        assertFails("incompatible types", "int x = \"text\";");
        assertFails("undefined: ", "int twice(int x) { return missing(x); }");
        assertFails("incomplete", "if (true) {");
    }

    @Test
    void aCellThatNeverEndsIsStopped() throws CellFailure {
        try (JShellKernel impatient = new JShellKernel(Duration.ofSeconds(1))) {
            CellFailure failure =
                    assertThrows(
                            CellFailure.class,
                            () -> impatient.execute("while (true) Thread.sleep(10);"));
            assertEquals("stopped after 1 s", failure.getMessage());
        }
    }

    private void assertOutputs(String expected, String source) throws CellFailure {
        assertEquals(JsonParser.parseString(expected), kernel.execute(source));
    }

    private void assertFails(String reason, String source) {
        CellFailure failure = assertThrows(CellFailure.class, () -> kernel.execute(source));
        assertTrue(failure.getMessage().contains(reason), failure.getMessage());
    }
}
