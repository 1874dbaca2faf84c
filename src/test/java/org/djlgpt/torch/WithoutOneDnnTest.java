package org.djlgpt.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.testing.OnCpu;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** libtorch for macOS on ARM is built without oneDNN, which a property imitates. */
@OnCpu("a GPU needs no oneDNN")
@Timeout(60)
class WithoutOneDnnTest {

    /** Prints whether kernels use oneDNN, and a loss that they would compute with it. */
    static final class Losing {
        public static void main(String[] arguments) {
            float loss = loss();
            System.out.println(TorchScript.kernels().test("has_onednn") + " " + loss);
        }
    }

    private static float loss() {
        try (NDManager manager = ComputeDevice.newManager()) {
            NDArray hidden = numbers(520, 128, manager);
            NDArray weight = numbers(8192, 128, manager);
            NDArray targets = manager.arange(520).toType(DataType.INT64, false);
            return CrossEntropyKernel.ofProjection(hidden, weight, targets).getFloat();
        }
    }

    private static NDArray numbers(int rows, int columns, NDManager manager) {
        return manager.arange((float) rows * columns).sin().reshape(new Shape(rows, columns));
    }

    @Test
    void aLossIsTheSame() throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process process =
                new ProcessBuilder(
                                java,
                                "-Ddjlgpt.onednn=false",
                                "-Ddjlgpt.device=cpu",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Losing.class.getName())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        String[] words = said.strip().split(" ");
        assertEquals("false", words[0], said);
        assertEquals(loss(), Float.parseFloat(words[1]), 1e-4);
    }

    @Test
    @EnabledIfSystemProperty(named = "os.arch", matches = "amd64")
    void elsewhereItIsUsed() {
        boolean asked = Boolean.parseBoolean(System.getProperty("djlgpt.onednn", "true"));
        assertEquals(asked, TorchScript.kernels().test("has_onednn"));
    }
}
