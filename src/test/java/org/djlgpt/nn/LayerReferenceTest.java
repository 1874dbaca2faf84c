package org.djlgpt.nn;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Figures.array;
import static org.djlgpt.testing.Figures.assertFigures;
import static org.djlgpt.testing.Figures.ids;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;

import com.google.gson.JsonObject;

import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.Figures;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/** The layers against PyTorch's, from the seed alone. */
class LayerReferenceTest {

    private static final double TOLERANCE = 1e-6;
    private static final JsonObject FIGURES =
            Figures.read(LayerReferenceTest.class, "/org/djlgpt/model/gpt-reference.json");

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void linearDrawsWeightThenBias() {
        JsonObject figures = layer("linear");
        NDArray input = array(manager, figures.get("input"));
        Block linear = seeded(linear(3, 2), input);

        assertFigures(figures.get("weight"), Blocks.parameter(linear, "weight"), TOLERANCE);
        assertFigures(figures.get("bias"), Blocks.parameter(linear, "bias"), TOLERANCE);
        assertFigures(figures.get("output"), infer(linear, input), TOLERANCE);
    }

    @Test
    void embeddingDrawsNormalNumbers() {
        assertEmbedding(layer("embedding"), 6);
    }

    /** PyTorch draws fewer than 16 normal numbers by another algorithm. */
    @Test
    void aSmallEmbeddingDrawsNormalNumbersAsPyTorchDoes() {
        assertEmbedding(layer("smallEmbedding"), 2);
    }

    private void assertEmbedding(JsonObject figures, int numEmbeddings) {
        NDArray input = ids(manager, figures.get("input"));
        Block embedding = seeded(new Embedding(numEmbeddings, 3), input);

        assertFigures(figures.get("weight"), Blocks.parameter(embedding, "weight"), TOLERANCE);
        assertFigures(figures.get("output"), infer(embedding, input), TOLERANCE);
        NDArray asInt32 = input.toType(DataType.INT32, false);
        assertFigures(figures.get("output"), infer(embedding, asInt32), TOLERANCE);
    }

    @Test
    void layerNormNormalizesTheLastDimension() {
        JsonObject figures = layer("layerNorm");
        NDArray input = array(manager, figures.get("input"));
        Block norm = seeded(new LayerNorm(4), input);

        assertFigures(figures.get("weight"), Blocks.parameter(norm, "scale"), TOLERANCE);
        assertFigures(figures.get("bias"), Blocks.parameter(norm, "shift"), TOLERANCE);
        assertFigures(figures.get("output"), infer(norm, input), TOLERANCE);
    }

    @Test
    void layerNormTreatsEachTokenByItself() {
        JsonObject figures = layer("layerNorm");
        NDArray tokens = array(manager, figures.get("input")).expandDims(0); // (1, 2, 4)

        assertFigures(
                figures.get("output"),
                infer(seeded(new LayerNorm(4), tokens), tokens).get(0),
                TOLERANCE);
    }

    @ParameterizedTest
    @CsvSource({"FLOAT64, 1e-7", "FLOAT32, 1e-6"})
    void geluHasTheTanhForm(DataType type, double tolerance) {
        double[] x = {-4, -1.5, -0.7, -1e-3, 0, 0.2, 1, 1.5, 3, 6};
        double[] expected =
                DoubleStream.of(x)
                        .map(v -> Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v))
                        .map(inner -> (1 + Math.tanh(inner)) / 2)
                        .toArray();
        for (int i = 0; i < x.length; i++) {
            expected[i] *= x[i];
        }

        NDArray y =
                infer(ActivationFunction.GELU_TANH.block(), manager.create(x).toType(type, false));

        double[] actual = y.toType(DataType.FLOAT64, false).toDoubleArray();
        assertArrayEquals(expected, actual, tolerance);
    }

    /** Five layers of linear and GELU; a shortcut is added where the widths agree. */
    @ParameterizedTest
    @ValueSource(strings = {"without", "with"})
    void shortcutsKeepGradientsFromVanishingAsPublished(String shortcuts) {
        JsonObject figures = FIGURES.getAsJsonObject("published").getAsJsonObject("shortcuts");
        NDArray x = array(manager, figures.get("input")).expandDims(0); // (1, 3)
        Engine.getInstance().setRandomSeed(FIGURES.get("seed").getAsInt());
        List<Block> layers = new ArrayList<>();
        for (int outputDim : new int[] {3, 3, 3, 3, 1}) {
            Block layer = linear(3, outputDim);
            layer.initialize(manager, DataType.FLOAT32, x.getShape());
            layers.add(layer);
        }

        Pass pass = new Pass(new ParameterStore(manager, false), true);
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray y = x;
            for (Block layer : layers) {
                NDArray z = pass.through(y, layer, ActivationFunction.GELU_TANH.block());
                y = shortcuts.equals("with") && z.getShape().equals(y.getShape()) ? y.add(z) : z;
            }
            collector.backward(y.square().mean());
        }

        NDList means = new NDList();
        for (Block layer : layers) {
            means.add(Blocks.parameter(layer, "weight").getGradient().abs().mean());
        }
        for (int i = 0; i < means.size(); i++) {
            double expected = figures.getAsJsonArray(shortcuts).get(i).getAsDouble();
            assertFigures(figures.getAsJsonArray(shortcuts).get(i), means.get(i), 1e-5 * expected);
        }
    }

    private static Linear linear(int inputDim, int outputDim) {
        return Linear.builder().setInputDim(inputDim).setOutputDim(outputDim).build();
    }

    private <B extends Block> B seeded(B block, NDArray input) {
        Engine.getInstance().setRandomSeed(FIGURES.get("seed").getAsInt());
        block.initialize(manager, DataType.FLOAT32, input.getShape());
        return block;
    }

    private static JsonObject layer(String name) {
        return FIGURES.getAsJsonObject("layers").getAsJsonObject(name);
    }
}
