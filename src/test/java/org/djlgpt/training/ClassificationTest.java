package org.djlgpt.training;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.Lora;
import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.tuning.LabelledText;
import org.djlgpt.tuning.LabelledTexts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;

/** Training of a classifier: does a word have more of one letter than of the other? */
class ClassificationTest {

    private static final CharTokenizer LETTERS = CharTokenizer.fromText(".ab");
    private static final int CONTEXT = 9;
    private static final int PAD = 0; // the dot, which no word has
    private static final List<String> LABELS = List.of("a", "b");

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
    void aClassifierLearnsToCount() throws Exception {
        SequenceClassifier model = classifier(1);
        LabelledTexts heldOut = words(200, 2);

        double loss = training(model, words(400, 1), heldOut, 150).build().run();

        assertTrue(loss < 0.3, "loss " + loss);
        ClassificationReport report = ClassificationReport.of(model, heldOut, manager, 64);
        assertTrue(report.accuracy() > 0.93, report::toString);
    }

    @Test
    void aLossIsTheMeanOverRowsHoweverTheyAreSplit() {
        SequenceClassifier model = classifier(1);
        LabelledTexts words = words(7, 3);
        Objective objective = Objective.classification();

        double whole = new Evaluation(model, objective, manager, 7).loss(words, 7);
        double split = new Evaluation(model, objective, manager, 3).loss(words, 7);

        assertEquals(whole, split, 1e-6);
        NDList batch = words.batch(manager, 0, 1, 2);
        assertEquals(3, objective.count(batch));
    }

    @Test
    void aTrainingGoesOnToTheBit() throws Exception {
        Path file = folder.resolve("checkpoint.safetensors");
        SequenceClassifier whole = lastBlockOf(classifier(1));
        training(whole, words(40, 1), words(20, 2), 8).build().run();

        training(lastBlockOf(classifier(1)), words(40, 1), words(20, 2), 4)
                .optCheckpoint(file)
                .build()
                .run();
        SequenceClassifier other = lastBlockOf(classifier(1));
        TrainingLoop second = training(other, words(40, 1), words(20, 2), 8).build();
        second.resume(Checkpoint.read(file));
        second.run();

        assertArrayEquals(values(whole), values(other));
        TrainingLoop elsewhere =
                training(lastBlockOf(classifier(1)), words(40, 9), words(20, 2), 8).build();
        assertRefused(() -> elsewhere.resume(Checkpoint.read(file)), "data");
    }

    @Test
    void anAdapterAndItsHeadLearn() throws Exception {
        SequenceClassifier base = classifier(1);
        float[] before = values(base);
        LoraConfig lora =
                LoraConfig.builder()
                        .setRank(4)
                        .optTargets(EnumSet.complementOf(EnumSet.of(Role.HEAD, Role.GATE)))
                        .build();
        SequenceClassifier adapted = Lora.adapt(base, lora, manager);
        LabelledTexts heldOut = words(100, 2);

        training(adapted, words(400, 1), heldOut, 150).build().run();

        assertArrayEquals(before, values(base));
        double accuracy = ClassificationReport.of(adapted, heldOut, manager, 50).accuracy();
        assertTrue(accuracy > 0.85, "accuracy " + accuracy);
        SequenceClassifier merged = Lora.merge(adapted, manager);
        assertEquals(
                accuracy, ClassificationReport.of(merged, heldOut, manager, 50).accuracy(), 0.02);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        LabelledTexts words = words(10, 1);
        SequenceClassifier reversed =
                SequenceClassifier.on(base(1), List.of("b", "a"), PAD, manager);
        SequenceClassifier three =
                SequenceClassifier.on(base(1), List.of("a", "b", "c"), PAD, manager);
        GptModel small = TinyGpt.model(TinyGpt.size(2, CONTEXT).build(), 1, manager);

        assertRefused(
                () -> training(reversed, words, words, 1).build(), "[a, b]", "classifier [b, a]");
        assertRefused(() -> training(three, words, words, 1).build(), "[a, b]", "logits for 3");
        assertRefused(
                () -> Objective.nextToken().requireFit(three, words),
                "SequenceClassifier gives (1, 3) for a row",
                "Objective.classification()");
        assertRefused(
                () ->
                        training(
                                        SequenceClassifier.on(small, LABELS, PAD, manager),
                                        words,
                                        words,
                                        1)
                                .build(),
                "id 2");
    }

    private TrainingLoop.Builder training(
            SequenceClassifier model, LabelledTexts words, LabelledTexts heldOut, int steps) {
        TrainingPlan plan =
                TrainingPlan.builder()
                        .optSteps(steps)
                        .optDecaySteps(Math.max(8, steps))
                        .optBatchSize(16)
                        .optLearningRate(1e-2)
                        .optWarmupSteps(0)
                        .optEvalEvery(50)
                        .optEvalBatches(20)
                        .build();
        return TrainingLoop.builder()
                .setModel(model)
                .setManager(manager)
                .setData(words, heldOut)
                .optObjective(Objective.classification())
                .optPlan(plan);
    }

    private static SequenceClassifier lastBlockOf(SequenceClassifier model) {
        model.freezeEmbeddings();
        model.freezeBlocks(0, 1);
        return model;
    }

    private SequenceClassifier classifier(int seed) {
        SequenceClassifier model =
                SequenceClassifier.builder()
                        .setConfig(size())
                        .setLabels(LABELS)
                        .optPadTokenId(PAD)
                        .build();
        Engine.getInstance().setRandomSeed(seed);
        model.initialize(manager, DataType.FLOAT32, new Shape(1, CONTEXT));
        return model;
    }

    private GptModel base(int seed) {
        return TinyGpt.model(size(), seed, manager);
    }

    private static Gpt2Config size() {
        return TinyGpt.size(3, CONTEXT).setNumLayers(2).build();
    }

    private static LabelledTexts words(int count, int seed) {
        Random random = new Random(seed);
        List<LabelledText> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int length = 1 + 2 * random.nextInt(CONTEXT / 2 + 1);
            StringBuilder word = new StringBuilder();
            random.ints(length, 0, 2).forEach(letter -> word.append("ab".charAt(letter)));
            long as = word.chars().filter(letter -> letter == 'a').count();
            texts.add(new LabelledText(word.toString(), 2 * as > length ? "a" : "b"));
        }
        return LabelledTexts.builder()
                .setTexts(texts)
                .setTokenizer(LETTERS)
                .setContextLength(CONTEXT)
                .setPadTokenId(PAD)
                .optLabels(LABELS)
                .build();
    }

    private static float[] values(SequenceClassifier model) {
        List<Float> values = new ArrayList<>();
        for (Parameter parameter : model.getParameters().values()) {
            for (float value : parameter.getArray().toFloatArray()) {
                values.add(value);
            }
        }
        float[] all = new float[values.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = values.get(i);
        }
        return all;
    }
}
