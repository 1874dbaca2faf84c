package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;

import org.djlgpt.nn.Autocast;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.nn.LoraLinear;
import org.djlgpt.nn.Pass;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.FiniteDifferences;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.training.Objective;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

class SequenceClassifierTest {

    private static final int VOCAB_SIZE = 17;
    private static final int CONTEXT = 8;
    private static final int PAD = 16;
    private static final List<String> LABELS = List.of("ham", "spam", "eggs");

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
    void aRowHasItsLogitsWhateverIsBesideIt() {
        SequenceClassifier model = classifier();
        Random random = new Random(4);
        for (int trial = 0; trial < 30; trial++) {
            int longest = 1 + random.nextInt(CONTEXT);
            long[][] rows = new long[1 + random.nextInt(4)][];
            NDList alone = new NDList();
            for (int i = 0; i < rows.length; i++) {
                int length = i == 0 ? longest : 1 + random.nextInt(longest);
                long[] row = random.longs(length, 0, PAD).toArray();
                alone.add(infer(model, manager.create(new long[][] {row})));
                rows[i] = Arrays.copyOf(row, longest);
                Arrays.fill(rows[i], length, longest, PAD);
            }

            NDArray together = infer(model, manager.create(rows)); // (B, numLabels)

            for (int i = 0; i < rows.length; i++) {
                assertArrayEquals(
                        alone.get(i).toFloatArray(), together.get(i).toFloatArray(), 1e-5f);
            }
        }
    }

    @Test
    void theHeadReadsTheHiddenStateOfTheLastRealToken() {
        SequenceClassifier model = classifier();
        NDArray ids = manager.create(new long[][] {{3, PAD, 5, PAD, PAD}, {PAD, PAD, PAD, 1, 2}});
        Pass pass = new Pass(new ParameterStore(manager, false), false);

        NDArray hidden = model.hidden(ids, pass); // (2, 5, E)
        NDArray weight = model.score().weight().getArray(); // (3, E)

        NDArray expected =
                hidden.get("0, 2").expandDims(0).concat(hidden.get("1, 4").expandDims(0)); // (2, E)
        assertArrayEquals(
                expected.matMul(weight.transpose()).toFloatArray(),
                infer(model, ids).toFloatArray(),
                1e-5f);
    }

    @Test
    void ofNothingButPaddingTheFirstTokenIsRead() {
        SequenceClassifier model = classifier();
        NDArray one = infer(model, manager.create(new long[][] {{PAD}}));
        NDArray three = infer(model, manager.create(new long[][] {{PAD, PAD, PAD}}));

        assertArrayEquals(one.toFloatArray(), three.toFloatArray(), 1e-6f);
    }

    @Test
    void idsOfBothTypesAndBFloat16AreTaken() {
        SequenceClassifier model = classifier();
        NDArray ids = manager.create(new long[][] {{3, 4, 5}, {6, PAD, PAD}});
        NDArray exact = infer(model, ids);

        assertEquals(exact, infer(model, ids.toType(DataType.INT32, true)));
        try (Autocast narrow = Autocast.bfloat16()) {
            NDArray rounded = infer(model, ids);
            assertEquals(DataType.FLOAT32, rounded.getDataType());
            assertArrayEquals(exact.toFloatArray(), rounded.toFloatArray(), 0.05f);
        }
        assertArrayEquals(
                new Shape[] {new Shape(2, 3)}, model.getOutputShapes(new Shape[] {ids.getShape()}));
    }

    @Test
    void gradientsAgreeWithFiniteDifferences() {
        SequenceClassifier model = outline().build();
        RandomArrays arrays = new RandomArrays(manager, 3);
        Blocks.initialized(model, manager, DataType.FLOAT64, new Shape(1, CONTEXT));
        Blocks.randomize(model, arrays);
        NDArray ids = manager.create(new long[][] {{3, 4, 5}, {6, PAD, PAD}, {7, 8, PAD}});
        NDList batch = new NDList(ids, manager.create(new long[] {2, 0, 1}));
        Pass pass = new Pass(new ParameterStore(manager, false), true);
        Map<String, NDArray> variables = new LinkedHashMap<>();
        model.getParameters()
                .forEach(pair -> variables.put(pair.getKey(), pair.getValue().getArray()));

        FiniteDifferences.assertGradients(
                () -> Objective.classification().loss(model, batch, pass), variables);
    }

    @Test
    void onAModelItSharesAllButTheHead() {
        GptModel base = TinyGpt.scrambled(size(false), 1, manager);
        base.freezeBlocks(0, 1);

        SequenceClassifier model = SequenceClassifier.on(base, LABELS, PAD, manager);

        for (Pair<String, Parameter> own : model.getParameters()) {
            Parameter shared = base.getParameters().get(own.getKey());
            if (own.getValue() == model.score().weight()) {
                assertTrue(own.getValue().requiresGradient());
            } else {
                assertSame(shared.getArray(), own.getValue().getArray(), own.getKey());
                assertEquals(shared.requiresGradient(), own.getValue().requiresGradient());
            }
        }
        long trunk = base.parameterCount() - base.outputWeight().getShape().size();
        assertEquals(trunk + 3L * base.config().embeddingDim(), model.parameterCount());
    }

    @Test
    void anAdapterLeavesTheBaseAsItIsAndTrainsACopyOfTheHead() {
        SequenceClassifier base = classifier();
        NDArray ids = new RandomArrays(manager, 1).ids(PAD, 2, CONTEXT);
        NDArray before = infer(base, ids);

        SequenceClassifier adapted = Lora.adapt(base, lora(), manager);

        assertEquals(LABELS, adapted.labels());
        assertEquals(base.padTokenId(), adapted.padTokenId());
        assertEquals(before, infer(adapted, ids));
        List<Parameter> trained =
                Blocks.parameters(adapted).stream().filter(Parameter::requiresGradient).toList();
        assertEquals(2 * LoraLinear.byWeight(adapted).size() + 1, trained.size());
        assertTrue(trained.contains(adapted.score().weight()));
        Blocks.set(adapted.score().weight().getArray(), manager.ones(new Shape(3, 16)));
        assertEquals(before, infer(base, ids));
        assertNotEquals(before, infer(adapted, ids));
    }

    @Test
    void mergedItComputesTheSame() {
        SequenceClassifier adapted = Lora.adapt(classifier(), lora(), manager);
        Blocks.randomize(adapted.score(), new RandomArrays(manager, 5));
        RandomArrays arrays = new RandomArrays(manager, 6);
        for (LoraLinear layer : LoraLinear.byWeight(adapted).values()) {
            Blocks.set(
                    layer.loraB().getArray(), arrays.normal(layer.loraB().getShape().getShape()));
        }
        NDArray ids = arrays.ids(PAD, 2, CONTEXT);

        SequenceClassifier merged = Lora.merge(adapted, manager);

        assertTrue(Lora.config(merged).isEmpty());
        assertEquals(LABELS, merged.labels());
        assertArrayEquals(
                infer(adapted, ids).toFloatArray(), infer(merged, ids).toFloatArray(), 1e-4f);
    }

    @Test
    void aBaseInBFloat16HasAHeadThatLearnsInFloat32() {
        SequenceClassifier base = classifier();
        Lora.freezeInBFloat16(base);

        SequenceClassifier adapted = Lora.adapt(base, lora(), manager);

        assertEquals(DataType.FLOAT32, adapted.score().weight().getArray().getDataType());
        assertTrue(adapted.score().weight().requiresGradient());
        assertFalse(base.score().weight().requiresGradient());
        NDArray ids = new RandomArrays(manager, 1).ids(PAD, 2, CONTEXT);
        assertArrayEquals(
                infer(base, ids).toFloatArray(), infer(adapted, ids).toFloatArray(), 1e-5f);
    }

    @Test
    void aPassLeavesNothingBehind() {
        SequenceClassifier model = classifier();
        NDArray ids = new RandomArrays(manager, 1).ids(PAD, 2, CONTEXT);
        infer(model, ids).close();
        long before = HeldArrays.inProcess(manager);

        infer(model, ids).close();

        assertEquals(before, HeldArrays.inProcess(manager));
    }

    @Test
    void whatCanNotBeIsRefused() {
        assertRefused(() -> outline().setLabels(List.of("one")).build(), "[one]", "at least two");
        assertRefused(() -> outline().setLabels(List.of("a", "a")).build(), "[a, a]", "differ");
        assertRefused(() -> outline().optPadTokenId(-1).build(), "padTokenId=-1", "0 to 16");
        assertRefused(() -> outline().optPadTokenId(17).build(), "padTokenId=17", "0 to 16");
        assertRefused(() -> SequenceClassifier.builder().setLabels(LABELS).build(), "setConfig");
        SequenceClassifier model = classifier();
        NDArray ids = new RandomArrays(manager, 1).ids(PAD, 1, CONTEXT + 1);
        assertRefused(() -> infer(model, ids), "9 tokens", "8");
        GptModel adapted = Lora.adapt(TinyGpt.model(size(true), 1, manager), lora(), manager);
        assertRefused(() -> SequenceClassifier.on(adapted, LABELS, PAD, manager), "has an adapter");
    }

    private static LoraConfig lora() {
        return LoraConfig.builder()
                .setRank(2)
                .optTargets(EnumSet.of(Role.QUERY, Role.VALUE, Role.UP))
                .build();
    }

    private SequenceClassifier classifier() {
        return SequenceClassifier.on(
                TinyGpt.scrambled(size(true), 1, manager), LABELS, PAD, manager);
    }

    private static SequenceClassifier.Builder outline() {
        return SequenceClassifier.builder()
                .setConfig(size(true))
                .setLabels(LABELS)
                .optPadTokenId(PAD);
    }

    private static Gpt2Config size(boolean tied) {
        return TinyGpt.size(VOCAB_SIZE, CONTEXT).setNumLayers(2).optTiedOutput(tied).build();
    }
}
