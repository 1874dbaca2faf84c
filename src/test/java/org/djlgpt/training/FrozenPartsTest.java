package org.djlgpt.training;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;

import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.io.SafeTensors;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.nn.Pass;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.Recording;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Training of a model of which a part stays as it is: only the last block and the final norm. */
class FrozenPartsTest {

    private static final int VOCAB_SIZE = 11;
    private static final int CONTEXT = 6;
    private static final int LAYERS = 3;
    private static final int STEPS = 6;

    @TempDir private Path folder;
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
    void onlyTheRestLearns() throws Exception {
        GptModel model = frozen();
        Map<String, float[]> before = values(model);

        training(model, STEPS).build().run();

        values(model)
                .forEach(
                        (name, value) -> {
                            if (isTrained(name)) {
                                assertFalse(Arrays.equals(before.get(name), value), name);
                            } else {
                                assertArrayEquals(before.get(name), value, name);
                            }
                        });
    }

    @Test
    void aCheckpointHasWeightsAndMomentsOfTheRestAlone() throws Exception {
        Path file = folder.resolve("checkpoint.safetensors");

        training(frozen(), STEPS).optCheckpoint(file).build().run();

        try (SafeTensors tensors = SafeTensors.open(file)) {
            assertEquals(
                    values(frozen()).keySet().stream()
                            .filter(FrozenPartsTest::isTrained)
                            .collect(Collectors.toSet()),
                    tensors.names().stream()
                            .map(name -> name.replaceFirst("^(parameter|mean|square)\\.", ""))
                            .collect(Collectors.toSet()));
        }
    }

    @Test
    void aTrainingGoesOnToTheBit() throws Exception {
        Path file = folder.resolve("checkpoint.safetensors");
        GptModel whole = frozen();
        training(whole, STEPS).build().run();

        training(frozen(), STEPS / 2).optCheckpoint(file).build().run();
        GptModel other = frozen();
        TrainingLoop second = training(other, STEPS).build();
        second.resume(Checkpoint.read(file));
        second.run();

        values(other).forEach((name, value) -> assertArrayEquals(values(whole).get(name), value));
        GptModel freer = model();
        freer.freezeBlocks(0, LAYERS - 1);
        assertRefused(
                () -> training(freer, STEPS).build().resume(Checkpoint.read(file)),
                "does not train are others");
    }

    @Test
    void gradientsAreThoseOfTheWholeModel() {
        GptModel part = frozen();
        NDArray ids = new RandomArrays(manager, 1).ids(VOCAB_SIZE, 2, CONTEXT);

        Map<String, float[]> all = gradients(model(), ids);
        Map<String, float[]> some = gradients(part, ids);

        assertEquals(
                all.keySet().stream().filter(FrozenPartsTest::isTrained).toList(),
                List.copyOf(some.keySet()));
        some.forEach((name, gradient) -> assertArrayEquals(all.get(name), gradient, 1e-7f, name));
    }

    @Test
    void theBackwardPassEndsAtTheLowestTrainedBlock() {
        GptModel model = frozen();
        NDArray ids = new RandomArrays(manager, 1).ids(VOCAB_SIZE, 2, CONTEXT);
        try (Recording on = Recording.on()) {
            Pass pass = new Pass(new ParameterStore(manager, false), true);
            NDArray x = pass.through(ids, model.tokenEmbedding(), model.positions().orElseThrow());
            for (int i = 0; i < LAYERS; i++) {
                assertFalse(Recording.includes(x), "below block " + i);
                x = pass.through(x, model.blocks().get(i));
            }
            assertTrue(Recording.includes(x));
        }
    }

    @Test
    void parametersThatAreReadLaterStayFrozen() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        model().saveParameters(new DataOutputStream(bytes));
        GptModel model = frozen();

        model.loadParameters(
                manager, new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));

        for (Pair<String, Parameter> named : model.getParameters()) {
            boolean records = Recording.includes(named.getValue().getArray());
            assertEquals(isTrained(named.getKey()), records, named.getKey());
        }
    }

    @Test
    void anAdapterInFrozenBlocksIsFrozenToo() {
        LoraConfig lora = LoraConfig.builder().setRank(2).build();
        GptModel model = Lora.adapt(model(), lora, manager);

        model.freezeBlocks(0, LAYERS - 1);

        long trained =
                model.getParameters().values().stream()
                        .filter(Parameter::requiresGradient)
                        .mapToLong(parameter -> parameter.getShape().size())
                        .sum();
        assertEquals(Lora.parameterCount(model.config(), lora) / LAYERS, trained);
    }

    @Test
    void whatCanNotBeIsRefused() {
        GptModel model = model();

        assertRefused(() -> model.freezeBlocks(-1, 2), "blocks -1 to 1", "blocks 0 to 2");
        assertRefused(() -> model.freezeBlocks(1, 4), "blocks 1 to 3", "blocks 0 to 2");
        assertRefused(() -> model.freezeBlocks(1, 1), "blocks 1 to 0");
        assertTrue(model.getParameters().values().stream().allMatch(Parameter::requiresGradient));
        model.freezeParameters(true);
        assertRefused(() -> training(model, STEPS).build(), "all parameters", "frozen");
    }

    private static boolean isTrained(String name) {
        return name.matches("0" + (LAYERS + 3) + "block_.*|.*final_norm_.*");
    }

    private GptModel frozen() {
        GptModel model = model();
        model.freezeEmbeddings();
        model.freezeBlocks(0, LAYERS - 1);
        return model;
    }

    private GptModel model() {
        return TinyGpt.model(
                TinyGpt.size(VOCAB_SIZE, CONTEXT).setNumLayers(LAYERS).build(), 5, manager);
    }

    private TrainingLoop.Builder training(GptModel model, int steps) {
        int[] ids = IntStream.range(0, 200).map(i -> i * i % VOCAB_SIZE).toArray();
        TokenWindows windows =
                TokenWindows.builder().setTokens(Tokens.of(ids)).setContextLength(CONTEXT).build();
        TrainingPlan plan =
                TrainingPlan.builder()
                        .optSteps(steps)
                        .optDecaySteps(STEPS)
                        .optBatchSize(4)
                        .optEvalEvery(STEPS)
                        .optEvalBatches(1)
                        .optWarmupSteps(0)
                        .build();
        return TrainingLoop.builder()
                .setModel(model)
                .setManager(manager)
                .setData(windows, windows)
                .optPlan(plan);
    }

    private Map<String, float[]> gradients(GptModel model, NDArray ids) {
        List<Pair<String, Parameter>> trained =
                model.getParameters().stream()
                        .filter(named -> named.getValue().requiresGradient())
                        .toList();
        try (Recording on = Recording.on()) {
            Pass pass = new Pass(new ParameterStore(manager, false), true);
            NDArray loss = Objective.nextToken().loss(model, new NDList(ids, ids), pass);
            NDList gradients =
                    Gradients.of(
                            loss,
                            trained.stream().map(named -> named.getValue().getArray()).toList());
            Map<String, float[]> byName = new LinkedHashMap<>();
            for (int i = 0; i < trained.size(); i++) {
                byName.put(trained.get(i).getKey(), gradients.get(i).toFloatArray());
            }
            return byName;
        }
    }

    private static Map<String, float[]> values(GptModel model) {
        Map<String, float[]> values = new LinkedHashMap<>();
        model.getParameters()
                .forEach(
                        named ->
                                values.put(
                                        named.getKey(),
                                        named.getValue().getArray().toFloatArray()));
        return values;
    }
}
