package org.djlgpt.training;

import static org.djlgpt.testing.Figures.assertFigures;
import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;

import com.google.gson.JsonObject;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.data.Split;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.Autocast;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.FusedLikelihood;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.nn.Pass;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.Figures;
import org.djlgpt.testing.FiniteDifferences;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.PlainOperators;
import org.djlgpt.torch.Recording;
import org.djlgpt.tuning.Example;
import org.djlgpt.tuning.PreferenceSet;
import org.djlgpt.tuning.PreferenceSetBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

class PreferenceOptimizationTest {

    private static final Path MODELS = Path.of("src/test/resources/org/djlgpt/checkpoint");
    private static final int WORDS = 20;
    private static final int CONTEXT = 10;

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private static LlamaConfig size() {
        return LlamaConfig.builder()
                .setVocabSize(WORDS)
                .setContextLength(CONTEXT)
                .setEmbeddingDim(16)
                .setNumHeads(4)
                .optNumKeyValueHeads(2)
                .setNumLayers(2)
                .optTiedOutput(false)
                .build();
    }

    private GptModel adapted(GptModel base) {
        Engine.getInstance().setRandomSeed(2);
        return Lora.adapt(base, LoraConfig.builder().setRank(4).build(), manager);
    }

    /** Makes an adapter that has learnt something. */
    private GptModel tuned(GptModel base) {
        GptModel model = adapted(base);
        RandomArrays arrays = new RandomArrays(manager, 4);
        for (Pair<String, Parameter> named : model.getParameters()) {
            if (named.getKey().endsWith("loraB")) {
                NDArray b = named.getValue().getArray();
                Blocks.set(b, arrays.normal(b.getDataType(), b.getShape()).mul(0.2f));
            }
        }
        return model;
    }

    private Pass pass() {
        return new Pass(new ParameterStore(manager, false), true);
    }

    private NDList gradients(Objective objective, Block model, NDList batch) {
        List<NDArray> weights =
                Blocks.parameters(model).stream()
                        .filter(Parameter::requiresGradient)
                        .map(Parameter::getArray)
                        .toList();
        try (Recording on = Recording.on()) {
            return Gradients.of(objective.loss(model, batch, pass()), weights);
        }
    }

    /** Returns pairs of random answers of different lengths to random prompts. */
    private static PreferenceSet pairs(int count) throws IOException {
        Random random = new Random(3);
        PreferenceSetBuilder builder = PreferenceSet.builder().setContextLength(CONTEXT);
        for (int i = 0; i < count; i++) {
            int[] prompt = random.ints(1 + random.nextInt(3), 1, WORDS).toArray();
            builder.addPair(
                    Example.builder()
                            .addPrompt(prompt)
                            .addAnswer(random.ints(1 + random.nextInt(5), 1, WORDS).toArray())
                            .build(),
                    Example.builder()
                            .addPrompt(prompt)
                            .addAnswer(random.ints(6, 1, WORDS).toArray())
                            .build());
        }
        return builder.build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"huggingface-tiny", "llama-tiny"})
    void lossAndGradientsAreThoseOfPyTorch(String name) throws Exception {
        JsonObject all = Figures.read(PreferenceOptimizationTest.class, "preferences.json");
        JsonObject expected = all.getAsJsonObject(name);
        GptModel reference = ModelDirectory.load(MODELS.resolve(name), manager);
        GptModel model = ModelDirectory.load(MODELS.resolve(name), manager);
        try (Recording off = Recording.off()) {
            Blocks.parameters(model).forEach(parameter -> parameter.getArray().muli(1.25f));
        }
        NDArray tokens = Figures.ids(manager, expected.get("tokens"));
        NDArray targets = Figures.ids(manager, expected.get("targets"));
        Objective dpo = PreferenceOptimization.dpo(reference, all.get("beta").getAsDouble());
        NDList batch = new NDList(tokens, targets);

        assertFigures(expected.get("reference"), likelihoods(reference, batch), 1e-4);
        assertFigures(expected.get("policy"), likelihoods(model, batch), 1e-4);
        assertSameAsPyTorch(expected, dpo, model, batch);
        try (PlainOperators plain = new PlainOperators()) {
            assertSameAsPyTorch(expected, dpo, model, batch);
        }
    }

    private NDArray likelihoods(FusedLikelihood model, NDList batch) {
        Shape shape = batch.head().getShape();
        NDArray tokens = batch.get(0).reshape(-1, shape.get(2));
        NDArray targets = batch.get(1).reshape(-1, shape.get(2));
        Pass pass = new Pass(new ParameterStore(manager, false), false);
        return model.logLikelihoods(tokens, targets, pass).reshape(-1, 2);
    }

    private void assertSameAsPyTorch(
            JsonObject expected, Objective dpo, GptModel model, NDList batch) {
        assertEquals(
                expected.get("loss").getAsDouble(),
                dpo.loss(model, batch, pass()).getFloat(),
                1e-5);
        NDList gradients = gradients(dpo, model, batch);
        double norm = Gradients.norm(gradients);
        assertEquals(expected.get("gradientNorm").getAsDouble(), norm, 1e-4);
        NDArray embedding = gradients.get(0); // (V, E)
        NDArray mix = manager.arange((float) embedding.size(1)).cos();
        assertFigures(expected.get("embeddingGradient"), embedding.matMul(mix), 1e-4);
    }

    @Test
    void gradientsAreThoseOfFiniteDifferences() throws IOException {
        GptModel base = new GptModel(size(), Layers.pytorch());
        base.initialize(manager, DataType.FLOAT64, new Shape(1, CONTEXT));
        GptModel model = tuned(base);
        Objective dpo = PreferenceOptimization.dpo(base, 0.5);
        NDList batch = pairs(3).batch(manager, 0, 1, 2);
        Map<String, NDArray> variables = new LinkedHashMap<>();
        for (Pair<String, Parameter> named : model.getParameters()) {
            if (named.getValue().requiresGradient()) {
                variables.put(named.getKey(), named.getValue().getArray());
            }
        }

        FiniteDifferences.assertGradients(() -> dpo.loss(model, batch, pass()), variables);
    }

    /** The frozen output layer has its own way to the gradients. */
    @Test
    void gradientsOfAnAdapterAreThoseByWayOfTheLogits() throws IOException {
        GptModel base = TinyGpt.scrambled(size(), 1, manager);
        GptModel model = tuned(base);
        Objective dpo = PreferenceOptimization.dpo(base, 0.5);
        NDList batch = pairs(4).batch(manager, 0, 1, 2, 3);

        NDList fused = gradients(dpo, model, batch);
        NDList plain;
        try (PlainOperators operators = new PlainOperators()) {
            plain = gradients(dpo, model, batch);
        }
        assertFalse(fused.isEmpty());
        for (int i = 0; i < fused.size(); i++) {
            assertArrayEquals(plain.get(i).toFloatArray(), fused.get(i).toFloatArray(), 1e-5f);
            assertTrue(fused.get(i).norm().getFloat() > 0);
        }
    }

    @Test
    void anAdapterBeginsAtTheReferenceWhateverIsDropped() throws IOException {
        GptConfig dropping = TinyGpt.size(WORDS, CONTEXT).build().withDropout(0.5f);
        for (GptConfig config : List.of(size(), dropping)) {
            GptModel base = TinyGpt.scrambled(config, 1, manager);
            PreferenceOptimization dpo = PreferenceOptimization.dpo(base, 0.1);
            GptModel model = adapted(base);
            NDList batch = pairs(4).batch(manager, 0, 1, 2, 3);
            try (Recording on = Recording.on()) {
                assertEquals(Math.log(2), dpo.loss(model, batch, pass()).getFloat(), 1e-7);
                try (Autocast half = Autocast.bfloat16()) {
                    assertEquals(Math.log(2), dpo.loss(model, batch, pass()).getFloat(), 1e-7);
                }
            }
            PreferenceOptimization.Rewards rewards = dpo.rewards(model, pairs(9), manager, 4);
            assertEquals(new PreferenceOptimization.Rewards(0, 0, 0), rewards);
        }
    }

    @Test
    void theReferenceNeedsNoMemoryOfItsOwn() throws IOException {
        GptModel base = TinyGpt.scrambled(size(), 1, manager);
        GptModel model = adapted(base);
        for (Pair<String, Parameter> named : base.getParameters()) {
            assertSame(
                    named.getValue().getArray(),
                    model.getParameters().get(named.getKey()).getArray());
        }
        float[] before = base.outputWeight().getArray().toFloatArray();
        PreferenceSet pairs = pairs(8);
        try (TrainingStep training = step(model, base, pairs, 1)) {
            training.run(0);
            long held = HeldArrays.inProcess(manager);
            training.run(1);
            training.run(2);
            assertEquals(held, HeldArrays.inProcess(manager));
        }
        assertArrayEquals(before, base.outputWeight().getArray().toFloatArray());
    }

    private TrainingStep step(GptModel model, GptModel base, PreferenceSet pairs, int workers) {
        TrainingPlan plan =
                TrainingPlan.builder()
                        .optSteps(10)
                        .optBatchSize(4)
                        .optWarmupSteps(0)
                        .optLearningRate(1e-2)
                        .optWorkers(workers)
                        .build();
        return new TrainingStep(
                model,
                PreferenceOptimization.dpo(base, 0.1),
                manager,
                Batches.shuffled(pairs, 4, 1),
                plan,
                StepHook.NONE);
    }

    @Test
    void workersShareABatchOfPairs() throws IOException {
        GptModel base = TinyGpt.scrambled(size(), 1, manager);
        PreferenceSet pairs = pairs(8);
        StepReport[] reports = new StepReport[2];
        for (int workers = 1; workers <= 2; workers++) {
            try (TrainingStep training = step(tuned(base), base, pairs, workers)) {
                reports[workers - 1] = training.run(0);
            }
        }
        assertEquals(reports[0].loss(), reports[1].loss(), 1e-6);
        assertEquals(reports[0].gradientNorm(), reports[1].gradientNorm(), 1e-5);
        assertEquals(reports[0].tokens(), reports[1].tokens());
    }

    /** Of two copies of a prompt the model is to prefer the one in order over the reversed one. */
    @Test
    void aSmallModelLearnsAPreference() throws IOException {
        PreferenceSetBuilder builder = PreferenceSet.builder().setContextLength(CONTEXT);
        Random random = new Random(7);
        for (int i = 0; i < 300; i++) {
            int small = 1 + random.nextInt(8);
            int large = 10 + random.nextInt(8);
            int[] prompt = {small, large};
            builder.addPair(
                    Example.builder().addPrompt(prompt).addAnswer(small, large).build(),
                    Example.builder().addPrompt(prompt).addAnswer(large, small).build());
        }
        Split<PreferenceSet> split = builder.build().holdOut(0.1);
        GptModel base = TinyGpt.scrambled(size(), 1, manager);
        LoraConfig everywhere =
                LoraConfig.builder()
                        .setRank(8)
                        .optTargets(EnumSet.complementOf(EnumSet.of(Role.HEAD)))
                        .build();
        GptModel model = Lora.adapt(base, everywhere, manager);
        PreferenceOptimization dpo = PreferenceOptimization.dpo(base, 0.5);

        double best =
                TrainingLoop.builder()
                        .setModel(model)
                        .setManager(manager)
                        .setData(split.training(), split.heldOut())
                        .optObjective(dpo)
                        .optPlan(
                                TrainingPlan.builder()
                                        .optSteps(100)
                                        .optWarmupSteps(5)
                                        .optBatchSize(16)
                                        .optLearningRate(2e-2)
                                        .build())
                        .build()
                        .run();

        PreferenceOptimization.Rewards rewards = dpo.rewards(model, split.heldOut(), manager, 8);
        assertTrue(best < 0.3, () -> "loss " + best + ", of log 2 at first");
        assertEquals(1, rewards.accuracy());
        assertTrue(rewards.margin() > 1, rewards::toString);
        assertEquals(rewards.margin(), rewards.chosenReward() - rewards.rejectedReward(), 1e-12);
    }

    @Test
    void whatIsNoReferenceIsRefused() throws IOException {
        GptModel base = TinyGpt.model(size(), 1, manager);
        for (double beta : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertRefused(() -> PreferenceOptimization.dpo(base, beta), "beta=" + beta);
        }
        assertRefused(
                () -> PreferenceOptimization.dpo(new GptModel(size()), 0.1), "not initialized");
        PreferenceSet pairs = pairs(4);
        assertRefused(
                () -> PreferenceOptimization.dpo(base, 0.1).requireFit(base, pairs),
                "the reference is the model that is trained");
        GptModel small = TinyGpt.model(TinyGpt.size(WORDS - 5, CONTEXT).build(), 1, manager);
        assertRefused(
                () -> PreferenceOptimization.dpo(small, 0.1).requireFit(base, pairs),
                "outside the vocabulary of vocabSize=15");
        GptModel model = adapted(base);
        assertRefused(
                () ->
                        PreferenceOptimization.dpo(base, 0.1)
                                .rewards(model, pairs.chosen(), manager, 4),
                "preferences need pairs of answers (B, 2, T), but the batch has shape (4, ");
    }

    @Test
    void likelihoodsAreThoseOfTheLogitsAndAddUp() throws IOException {
        GptModel model = TinyGpt.scrambled(size(), 1, manager);
        NDList batch = pairs(3).batch(manager, 0, 1, 2);
        NDArray tokens = batch.get(0).reshape(6, -1);
        NDArray targets = batch.get(1).reshape(6, -1);
        Pass pass = new Pass(new ParameterStore(manager, false), false);

        float[] fused = model.logLikelihoods(tokens, targets, pass).toFloatArray();

        NDArray logits = Blocks.infer(model, tokens);
        assertArrayEquals(
                CrossEntropy.logLikelihoods(logits, targets).toFloatArray(), fused, 1e-4f);
        long counted = targets.neq(CrossEntropy.IGNORED).sum().getLong();
        double sum = 0;
        for (float likelihood : fused) {
            sum += likelihood;
        }
        assertEquals(model.loss(tokens, targets, pass).getFloat(), -sum / counted, 1e-4);
    }
}
