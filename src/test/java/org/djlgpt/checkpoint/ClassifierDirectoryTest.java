package org.djlgpt.checkpoint;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Figures.assertFigures;
import static org.djlgpt.testing.Figures.ids;
import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.nn.Pass;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.Figures;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.training.Objective;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/** Classifiers that transformers saved, against what transformers computes with them. */
class ClassifierDirectoryTest {

    @Retention(RetentionPolicy.RUNTIME)
    @ParameterizedTest
    @ValueSource(
            strings = {
                "classifier-gpt2",
                "classifier-gpt2-default",
                "classifier-llama",
                "classifier-mistral",
                "classifier-qwen2",
                "classifier-qwen3-f16"
            })
    private @interface ForEachFolder {}

    @TempDir private Path saved;
    private NDManager manager;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ForEachFolder
    void logitsAndLabelsAgree(String name) throws Exception {
        JsonObject expected = expected(name);

        SequenceClassifier model = ClassifierDirectory.load(folder(name), manager);

        assertEquals(expected.get("parameterCount").getAsLong(), model.parameterCount());
        assertEquals(new Gson().fromJson(expected.get("labels"), List.class), model.labels());
        assertFigures(
                expected.get("logits"), infer(model, ids(manager, expected.get("ids"))), 1e-4);
    }

    @ForEachFolder
    void lossAndGradientsAgree(String name) throws Exception {
        JsonObject expected = expected(name);
        SequenceClassifier model = ClassifierDirectory.load(folder(name), 0f, manager);
        NDArray tokens = ids(manager, expected.get("ids"));
        NDArray labels = ids(manager, expected.get("targets"));

        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            Pass pass = new Pass(new ParameterStore(manager, false), true);
            NDArray loss = Objective.classification().loss(model, new NDList(tokens, labels), pass);
            assertEquals(expected.get("loss").getAsDouble(), loss.getFloat(), 1e-5);
            collector.backward(loss);
        }

        try (SafeTensors gradients =
                SafeTensors.open(folder(name).resolve("gradients.safetensors"))) {
            ModelFormat format = ModelFormat.of(model.config());
            List<CheckpointTensor> tensors = format.tensors(model);
            assertEquals(tensors.size(), gradients.names().size());
            for (CheckpointTensor tensor : tensors) {
                assertGradient(gradients.read(manager, format.prefixed(tensor.name())), tensor);
            }
        }
    }

    private static void assertGradient(NDArray expected, CheckpointTensor tensor) {
        float tolerance = 1e-6f + 1e-5f * expected.norm().getFloat();
        List<NDArray> parts = tensor.split(expected);
        for (int i = 0; i < parts.size(); i++) {
            assertArrayEquals(
                    parts.get(i).toFloatArray(),
                    tensor.parts().get(i).getArray().getGradient().toFloatArray(),
                    tolerance,
                    tensor.name());
        }
    }

    @ForEachFolder
    void savingAndLoadingChangesNothing(String name) throws Exception {
        SequenceClassifier original = ClassifierDirectory.load(folder(name), manager);

        ClassifierDirectory.save(original, saved);

        assertTrue(ClassifierDirectory.isClassifier(saved));
        SequenceClassifier model = ClassifierDirectory.load(saved, manager);
        assertEquals(original.config(), model.config());
        assertEquals(original.labels(), model.labels());
        assertEquals(original.padTokenId(), model.padTokenId());
        assertEquals(values(original), values(model));
        assertFalse(Files.exists(saved.resolve("generation_config.json")));
        try (WeightFiles theirs = WeightFiles.open(folder(name));
                WeightFiles ours = WeightFiles.open(saved)) {
            assertEquals(theirs.names(), ours.names());
        }
    }

    @Test
    void theTokenizerGoesWithIt() throws Exception {
        CharTokenizer tokenizer = CharTokenizer.fromText("hames gp");

        ClassifierDirectory.save(
                ClassifierDirectory.load(folder("classifier-gpt2"), manager), tokenizer, saved);

        assertEquals(8, CharTokenizer.load(saved).vocabSize());
    }

    @Test
    void withoutNamesThereAreTwoLabelsAsInTransformers() throws Exception {
        SequenceClassifier model =
                ClassifierDirectory.load(folder("classifier-gpt2-default"), manager);

        assertEquals(List.of("LABEL_0", "LABEL_1"), model.labels());
        change("classifier-gpt2", "id2label", JsonNull.INSTANCE);
        assertMalformed("score.weight has shape (3, 16)", "makes it (2, 16), a row for each label");
        change("classifier-gpt2", "id2label", null, "num_labels", new JsonPrimitive(3));
        assertEquals(
                List.of("LABEL_0", "LABEL_1", "LABEL_2"),
                ClassifierDirectory.load(saved, manager).labels());
    }

    @Test
    void labelsThatDoNotFitTheHeadAreRefused() throws Exception {
        change("classifier-gpt2", "num_labels", new JsonPrimitive(2));
        assertMalformed("num_labels is 2, but id2label has 3 labels; delete num_labels");
        changeLabels("{'0': 'ham', '1': 'spam'}");
        assertMalformed("score.weight has shape (3, 16)", "makes it (2, 16), a row for each label");
        changeLabels("{'0': 'ham', '1': 'spam', '3': 'eggs'}");
        assertMalformed("id2label has 3 labels, but none for 2; number them from 0 to 2");
        changeLabels("{'0': 'ham', '1': 'spam', '2': 'ham'}");
        assertMalformed("config.json", "labels=[ham, spam, ham] must differ");
        changeLabels("{'0': 'ham', '1': 1, '2': 'eggs'}");
        assertMalformed("$.id2label.1 is a number where a string is due");
        changeLabels("{'0': 'ham'}");
        assertMalformed("id2label has one label, which is regression in transformers");
    }

    @ParameterizedTest
    @ValueSource(strings = {"regression", "multi_label_classification"})
    void otherProblemsAreRefusedByName(String problem) throws Exception {
        change("classifier-llama", "problem_type", new JsonPrimitive(problem));

        assertMalformed("problem_type is \"" + problem + "\"", "only single_label_classification");
    }

    @Test
    void withoutAPaddingIdABatchHasOneRow() throws Exception {
        change("classifier-llama", "pad_token_id", JsonNull.INSTANCE);
        JsonObject expected = expected("classifier-llama");
        NDArray rows = ids(manager, expected.get("ids"));

        SequenceClassifier model = ClassifierDirectory.load(saved, manager);

        assertEquals(OptionalInt.empty(), model.padTokenId());
        NDArray one = infer(model, rows.get("0:1"));
        assertFigures(firstRow(expected.get("logits")), one, 1e-4);
        assertRefused(() -> infer(model, rows), "4 rows", "padding id", "pad_token_id", "one row");
    }

    private static JsonElement firstRow(JsonElement rows) {
        return new Gson().toJsonTree(List.of(rows.getAsJsonArray().get(0)));
    }

    @Test
    void aPaddingIdThatTheModelDoesNotHaveIsRefused() throws Exception {
        change("classifier-llama", "pad_token_id", new JsonPrimitive(40));
        assertMalformed("config.json", "padTokenId=40 must be an id of the model, 0 to 39");
        change("classifier-llama", "pad_token_id", new JsonPrimitive(0.5));
        assertMalformed("pad_token_id is 0.5, but a token id is an integer");
    }

    @Test
    void eachKindOfFolderIsReadAsWhatItIs() throws Exception {
        assertRefused(
                MalformedModelException.class,
                () -> ModelDirectory.load(folder("classifier-gpt2"), manager),
                "GPT2ForSequenceClassification",
                "a classifier, which writes no text",
                "gpt classify");
        assertRefused(
                MalformedModelException.class,
                () -> ClassifierDirectory.load(folder("llama-tiny"), manager),
                "LlamaForCausalLM",
                "no classifier; train one");
        assertFalse(ClassifierDirectory.isClassifier(folder("llama-tiny")));
        assertFalse(ClassifierDirectory.isClassifier(saved));
        change("classifier-gpt2", "architectures", null);
        ClassifierDirectory.load(saved, manager);
        assertRefused(
                MalformedModelException.class,
                () -> ModelDirectory.load(saved, manager),
                "score.weight is not part of the model");
    }

    private void assertMalformed(String... parts) {
        assertRefused(
                MalformedModelException.class,
                () -> ClassifierDirectory.load(saved, manager),
                parts);
    }

    private void changeLabels(String labels) throws Exception {
        change("classifier-gpt2", "id2label", new Gson().fromJson(labels, JsonObject.class));
    }

    /** Copies a folder with other fields in its configuration; null for none. */
    private void change(String name, Object... fields) throws Exception {
        JsonObject config = Figures.read(getClass(), name + "/config.json");
        for (int i = 0; i < fields.length; i += 2) {
            config.remove((String) fields[i]);
            if (fields[i + 1] != null) {
                config.add((String) fields[i], (JsonElement) fields[i + 1]);
            }
        }
        Files.writeString(saved.resolve("config.json"), config.toString());
        Path weights = folder(name).resolve("model.safetensors");
        Files.write(saved.resolve("model.safetensors"), Files.readAllBytes(weights));
    }

    private static NDList values(SequenceClassifier model) {
        NDList values = new NDList();
        Blocks.parameters(model).forEach(parameter -> values.add(parameter.getArray()));
        return values;
    }

    private static JsonObject expected(String name) {
        return Figures.read(ClassifierDirectoryTest.class, name + "/expected.json");
    }

    private static Path folder(String name) throws Exception {
        return Path.of(ClassifierDirectoryTest.class.getResource(name).toURI());
    }
}
