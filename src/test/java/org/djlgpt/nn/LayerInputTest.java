package org.djlgpt.nn;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Blocks.initialized;
import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;

import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.PlainOperators;
import org.djlgpt.torch.Recording;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;

/** Bad sizes and inputs of the layers and the loss are refused with value, limit and remedy. */
class LayerInputTest {

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = DataType.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"FLOAT32", "FLOAT64"})
    void parametersOfTypesThatTheEngineCannotHold(DataType type) {
        Linear layer = Linear.builder().setInputDim(2).setOutputDim(2).build();
        assertRefused(
                () -> layer.initialize(manager, type, new Shape(1, 2)),
                "Linear",
                type.toString(),
                "FLOAT32",
                "Autocast");
    }

    @Test
    void aBlockIsAskedAboutOneShape() {
        assertRefused(() -> layerNorm().getOutputShapes(new Shape[0]), "takes 1 array", "0");
        assertRefused(
                () -> layerNorm().getOutputShapes(new Shape[] {new Shape(3), new Shape(3)}),
                "takes 1 array",
                "2");
    }

    @Test
    void numbersOfAnotherTypeThanTheParametersAreNamed() {
        NDArray x = manager.ones(new Shape(2, 3), DataType.FLOAT64);

        assertRefused(() -> infer(layerNorm(), x), "LayerNorm", "float64", "scale", "float32");
    }

    @Test
    void bfloat16IsWidenedWhereNothingComputesInIt() {
        NDArray x = manager.create(new float[] {1, 2, 3, 4}, new Shape(2, 2));
        NDArray narrow = BFloat16.from(x);
        Linear layer = Linear.builder().setInputDim(2).setOutputDim(2).build();
        layer.initialize(manager, DataType.FLOAT32, x.getShape());
        ParameterStore store = new ParameterStore(manager, false);
        NDArray expected = layer.forward(store, new NDList(x), false).head();

        assertEquals(expected, layer.forward(store, new NDList(narrow), false).head());
        NDArray targets = manager.create(new long[] {0, 1});
        float loss = CrossEntropy.mean(x, targets).getFloat();
        try (PlainOperators plain = new PlainOperators()) {
            assertEquals(loss, CrossEntropy.mean(narrow, targets).getFloat(), 1e-6f);
        }
        assertRefused(
                () -> FusedAdamW.builder().build().update("w", narrow, narrow), "AdamW", "FLOAT32");
    }

    @Test
    void wordsThatAreRuledOutLeaveTheLossFinite() {
        float no = Float.NEGATIVE_INFINITY;
        NDArray logits = manager.create(new float[] {1, no, 2, 0, no, 1}, new Shape(2, 3));
        logits.setRequiresGradient(true);
        NDArray targets = manager.create(new long[] {0, 2});
        double expected = (Math.log(Math.E + Math.exp(2)) - 1 + Math.log(1 + Math.E) - 1) / 2;
        try (Recording on = Recording.on()) {
            NDArray loss = CrossEntropy.mean(logits, targets);
            assertEquals(expected, loss.getFloat(), 1e-6);
            NDArray gradient = Gradients.of(loss, List.of(logits)).head();
            double first = Math.E / (Math.E + Math.exp(2)) - 1;
            assertEquals(first / 2, gradient.getFloat(0, 0), 1e-6);
            assertEquals(0, gradient.getFloat(0, 1));
        }
    }

    @Test
    void missingAndImpossibleSizes() {
        assertRefused(
                () -> Linear.builder().setOutputDim(2).build(), "inputDim=0", "at least 1", "set");
        assertRefused(
                () -> Linear.builder().setInputDim(2).build(), "outputDim=0", "at least 1", "set");
        assertRefused(
                () -> Linear.builder().setInputDim(-2).setOutputDim(1).build(), "inputDim=-2");
        assertRefused(() -> new LayerNorm(0), "dim=0", "at least 1");
        assertRefused(() -> new RmsNorm(0, 1e-5), "dim=0", "at least 1");
        assertRefused(() -> new Embedding(0, 2), "numEmbeddings=0", "least 1");
        assertRefused(() -> new Embedding(2, -1), "embeddingDim=-1", "least");
        assertRefused(() -> Layers.gpt2(0), "numLayers=0", "at least 1");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1e-5, Double.NaN, Double.POSITIVE_INFINITY})
    void epsilonsThatAreNotPositive(double epsilon) {
        String[] parts = {"epsilon=" + epsilon, "positive", "use 1e-5"};

        assertRefused(() -> new LayerNorm(3, epsilon, true), parts);
        assertRefused(() -> new RmsNorm(3, epsilon), parts);
    }

    @Test
    void wrongLastDimension() {
        NDArray x = manager.ones(new Shape(2, 5));

        assertRefused(() -> infer(linear(), x), "Linear", "(2, 5)", "inputDim=3", "build");
        assertRefused(() -> infer(layerNorm(), x), "LayerNorm", "(2, 5)", "dim=3", "build");
        assertRefused(() -> infer(rmsNorm(), x), "RmsNorm", "(2, 5)", "dim=3", "build");
    }

    @Test
    void wrongRank() {
        NDArray scalar = manager.create(1f);

        assertRefused(() -> infer(linear(), scalar), "Linear", "0 dimensions", "inputDim");
        assertRefused(() -> infer(layerNorm(), scalar), "LayerNorm", "0 dimensions", "dim");
        assertRefused(() -> infer(rmsNorm(), scalar), "RmsNorm", "0 dimensions", "dim");
    }

    @ParameterizedTest
    @EnumSource(
            value = DataType.class,
            names = {"INT32", "INT64", "INT8", "UINT8", "BOOLEAN"})
    void wholeNumbersWhereFloatsBelong(DataType type) {
        NDArray x = manager.zeros(new Shape(2, 3), type);

        assertRefused(() -> infer(linear(), x), "Linear", type.toString(), "toType");
        assertRefused(() -> infer(layerNorm(), x), "LayerNorm", type.toString(), "toType");
        assertRefused(() -> infer(rmsNorm(), x), "RmsNorm", type.toString(), "toType");
        for (ActivationFunction function : ActivationFunction.values()) {
            assertRefused(
                    () -> infer(function.block(), x), function.name(), type.toString(), "toType");
        }
        assertRefused(
                () -> CrossEntropy.mean(x, manager.zeros(new Shape(2), DataType.INT64)),
                "CrossEntropy",
                type.toString(),
                "toType");
    }

    @ParameterizedTest
    @EnumSource(
            value = DataType.class,
            names = {"FLOAT32", "FLOAT64", "INT8", "UINT8", "BOOLEAN"})
    void anythingElseWhereTokenIdsBelong(DataType type) {
        NDArray x = manager.zeros(new Shape(2), type);

        assertRefused(() -> infer(embedding(), x), "Embedding", type.toString(), "INT64", "toType");
        assertRefused(
                () -> CrossEntropy.mean(manager.ones(new Shape(2, 3)), x),
                "CrossEntropy",
                type.toString(),
                "INT64",
                "toType");
    }

    @ParameterizedTest
    @ValueSource(longs = {7, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32})
    void idsOutsideTheTable(long id) {
        NDArray ids = manager.create(new long[] {6, 0, id}, new Shape(1, 3));

        assertRefused(
                () -> infer(embedding(), ids), "token id " + id, "position 2", "7", "tokenizer");
        assertRefused(
                () -> CrossEntropy.mean(manager.ones(new Shape(1, 3, 7)), ids),
                "token id " + id,
                "position 2",
                "7",
                "tokenizer");
    }

    @Test
    void idsOfInt32OutsideTheTable() {
        NDArray ids = manager.create(new int[] {6, 7});

        assertRefused(() -> infer(embedding(), ids), "token id 7", "position 1", "0 to 6");
    }

    @Test
    void logitsAndTargetsThatDoNotMatch() {
        NDArray targets = manager.zeros(new Shape(2, 3), DataType.INT64);

        for (Shape logits : new Shape[] {new Shape(2, 3), new Shape(2, 4, 5), new Shape(6, 5)}) {
            assertRefused(
                    () -> CrossEntropy.mean(manager.ones(logits), targets),
                    logits.toString(),
                    "(2, 3)",
                    "one more dimension");
        }
    }

    @Test
    void moreOrFewerArraysThanOne() {
        NDArray x = manager.ones(new Shape(2, 3));
        ParameterStore store = new ParameterStore(manager, false);
        for (NDList list : new NDList[] {new NDList(), new NDList(x, x)}) {
            assertRefused(
                    () -> linear().forward(store, list, false),
                    "Linear takes 1 array",
                    "got " + list.size(),
                    "pass one");
        }
    }

    @Test
    void initializationForAShapeThatDoesNotFit() {
        Block linear = Linear.builder().setInputDim(3).setOutputDim(2).build();

        assertRefused(
                () -> linear.initialize(manager, DataType.FLOAT32, new Shape(2, 5)),
                "(2, 5)",
                "inputDim=3");
        assertRefused(
                () -> linear.initialize(manager, DataType.FLOAT32, new Shape(3), new Shape(3)),
                "takes 1 array",
                "2");
    }

    private Block linear() {
        Block linear = Linear.builder().setInputDim(3).setOutputDim(2).build();
        return initialized(linear, manager, new Shape(1, 3));
    }

    private Block layerNorm() {
        return initialized(new LayerNorm(3), manager, new Shape(1, 3));
    }

    private Block rmsNorm() {
        return initialized(new RmsNorm(3, 1e-5), manager, new Shape(1, 3));
    }

    private Block embedding() {
        Block embedding = new Embedding(7, 2);
        return initialized(embedding, manager, new Shape(1));
    }
}
