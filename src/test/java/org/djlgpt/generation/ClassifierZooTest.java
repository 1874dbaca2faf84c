package org.djlgpt.generation;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;

import org.djlgpt.checkpoint.ClassifierDirectory;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The folder of a classifier, loaded and asked as DJL's users do. */
class ClassifierZooTest {

    private static final CharTokenizer LETTERS = CharTokenizer.fromText("\nabcdefgh");
    private static final List<String> LABELS = List.of("ham", "spam");

    @TempDir private Path folder;
    private final NDManager manager = ComputeDevice.newManager();
    private GptModel base;
    private SequenceClassifier classifier;

    @BeforeEach
    void save() throws Exception {
        base = TinyGpt.scrambled(TinyGpt.size(LETTERS.vocabSize(), 6).build(), 3, manager);
        classifier = SequenceClassifier.on(base, LABELS, 0, manager);
        ClassifierDirectory.save(classifier, LETTERS, folder);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void textsHaveLabelsAndProbabilities() throws Exception {
        List<String> texts = List.of("abc", "h", "abcdefgh");
        try (ZooModel<String, Classifications> model = criteria().build().loadModel();
                Predictor<String, Classifications> predictor = model.newPredictor()) {
            List<Classifications> found = predictor.batchPredict(texts);

            assertInstanceOf(SequenceClassifier.class, model.getBlock());
            for (int i = 0; i < texts.size(); i++) {
                float[] expected = probabilities(texts.get(i));
                Classifications alone = predictor.predict(texts.get(i));
                for (int label = 0; label < LABELS.size(); label++) {
                    String name = LABELS.get(label);
                    assertEquals(expected[label], found.get(i).get(name).getProbability(), 1e-5);
                    assertEquals(expected[label], alone.get(name).getProbability(), 1e-5);
                }
            }
            long held = HeldArrays.inProcess(manager);
            predictor.batchPredict(texts);
            assertEquals(held, HeldArrays.inProcess(manager));
        }
    }

    private float[] probabilities(String text) {
        int[] ids = LETTERS.encode(text.substring(0, Math.min(6, text.length())));
        return Blocks.infer(classifier, manager.create(ids).expandDims(0))
                .softmax(1)
                .toFloatArray();
    }

    @Test
    void wrongTextsAreRefused() throws Exception {
        try (ZooModel<String, Classifications> model = criteria().build().loadModel();
                Predictor<String, Classifications> predictor = model.newPredictor()) {
            for (String text : List.of("", " ", "\n")) {
                assertTrue(message(predictor, text).contains("the text is empty"));
            }
            assertTrue(message(predictor, "xyz").contains("'x'"));
        }
    }

    private static String message(Predictor<String, Classifications> predictor, String text) {
        return assertThrows(TranslateException.class, () -> predictor.predict(text)).getMessage();
    }

    @Test
    void withoutAPaddingIdTextsComeOneAtATime() throws Exception {
        Path config = folder.resolve("config.json");
        Files.writeString(
                config,
                Files.readString(config).replace("\"pad_token_id\": 0", "\"pad_token_id\": null"));
        try (ZooModel<String, Classifications> model = criteria().build().loadModel();
                Predictor<String, Classifications> predictor = model.newPredictor()) {
            assertEquals(
                    probabilities("abc")[0],
                    predictor.predict("abc").get("ham").getProbability(),
                    1e-5);
            assertRefused(
                    TranslateException.class,
                    () -> predictor.batchPredict(List.of("a", "b")),
                    "2 texts together need a padding id");
        }
    }

    @Test
    void otherTypesAndArgumentsAreRefused() throws Exception {
        Criteria<String, String> text =
                Criteria.builder()
                        .setTypes(String.class, String.class)
                        .optModelZoo(new GptModelZoo(folder))
                        .build();
        assertTrue(reason(text).contains("there is no translator"), reason(text));
        String argument = reason(criteria().optArgument("topK", 3).build());
        assertTrue(argument.contains("topK"), argument);
        Path writer = folder.resolve("writer");
        ModelDirectory.save(base, LETTERS, writer);
        Criteria<String, Classifications> label =
                Criteria.builder()
                        .setTypes(String.class, Classifications.class)
                        .optModelZoo(new GptModelZoo(writer))
                        .build();
        assertTrue(reason(label).contains("there is no translator"), reason(label));
    }

    private static String reason(Criteria<?, ?> criteria) {
        Exception refused = assertThrows(Exception.class, () -> criteria.loadModel().close());
        return refused instanceof ModelNotFoundException && refused.getCause() != null
                ? refused.getCause().getMessage()
                : refused.getMessage();
    }

    private Criteria.Builder<String, Classifications> criteria() {
        return Criteria.builder()
                .setTypes(String.class, Classifications.class)
                .optModelZoo(new GptModelZoo(folder));
    }
}
