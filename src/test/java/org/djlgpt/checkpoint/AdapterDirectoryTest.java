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
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.training.tracker.Tracker;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.FusedAdamW;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.nn.LoraLinear;
import org.djlgpt.nn.Pass;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.Figures;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.Recording;
import org.djlgpt.tuning.ChatTemplate;
import org.djlgpt.tuning.Message;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Adapters that PEFT made, against what PEFT computes with them, and ours in its form. */
class AdapterDirectoryTest {

    @Retention(RetentionPolicy.RUNTIME)
    @ParameterizedTest
    @ValueSource(
            strings = {"adapter-gpt2", "adapter-gpt2-patterns", "adapter-llama", "adapter-qwen2"})
    private @interface ForEachAdapter {}

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

    @ForEachAdapter
    void logitsAgree(String name) throws Exception {
        JsonObject expected = expected(name);

        GptModel model = load(name);

        NDArray tokens = ids(manager, expected.get("ids"));
        assertFigures(expected.get("logits"), infer(model, tokens), 1e-4);
        assertFigures(expected.get("logits"), infer(Lora.merge(model, manager), tokens), 1e-4);
    }

    @Test
    void anAdapterKnowsItsBaseAgain() throws Exception {
        GptModel base = TinyGpt.scrambled(TinyGpt.size(5, 6).build(), 1, manager);
        GptModel other = TinyGpt.scrambled(TinyGpt.size(5, 6).build(), 2, manager);
        LoraConfig lora = LoraConfig.builder().setRank(2).build();
        Path rounded = folder.resolve("rounded");
        AdapterDirectory.save(Lora.adapt(base, lora, manager), "there", folder);

        GptModel again = TinyGpt.scrambled(TinyGpt.size(5, 6).build(), 1, manager);
        AdapterDirectory.load(folder, again, manager);
        GptModel narrow = TinyGpt.scrambled(TinyGpt.size(5, 6).build(), 1, manager);
        Lora.freezeInBFloat16(narrow);
        GptModel adapted = AdapterDirectory.load(folder, narrow, manager);
        AdapterDirectory.save(adapted, "there", rounded);
        GptModel wide = TinyGpt.scrambled(TinyGpt.size(5, 6).build(), 1, manager);
        AdapterDirectory.load(rounded, wide, manager);

        assertRefused(
                MalformedModelException.class,
                () -> AdapterDirectory.load(folder, other, manager),
                "was trained on another model than this base",
                "there");
        assertTrue(Lora.config(other).isEmpty(), "the base is as it was");
    }

    @ForEachAdapter
    void lossAndGradientsAgree(String name) throws Exception {
        JsonObject expected = expected(name);
        GptModel model = load(name);
        AdapterConfig config = AdapterConfig.read(fixture(name));
        List<Parameter> trained = trained(model);

        NDList gradients = gradients(model, trained, expected.get("loss").getAsDouble());

        try (SafeTensors file = SafeTensors.open(fixture(name).resolve("gradients.safetensors"))) {
            for (AdapterModule module : AdapterModule.of(model)) {
                String prefix = AdapterDirectory.PREFIX + module.name() + ".lora_";
                if (!file.names().contains(prefix + "A.weight")) {
                    continue; // zeros stand for a layer that is not adapted
                }
                NDList a = new NDList();
                NDList b = new NDList();
                long rank = (long) config.rank(module.name());
                double factor = config.scale(module.name()) / config.scale();
                for (LoraLinear layer : module.layers()) {
                    a.add(gradients.get(trained.indexOf(layer.loraA())).get(":" + rank));
                    NDArray own = gradients.get(trained.indexOf(layer.loraB()));
                    b.add(own.get(":, :" + rank).mul(factor));
                }
                NDArray sum = a.stream().reduce(NDArray::add).orElseThrow(); // of a shared A
                assertClose(file.read(manager, prefix + "A.weight"), sum, 1e-4);
                NDArray rows =
                        b.size() == 1
                                ? b.head()
                                : b.head().getNDArrayInternal().concat(b.subNDList(1), 0);
                assertClose(file.read(manager, prefix + "B.weight"), rows, 1e-4);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"adapter-llama", "adapter-qwen2"})
    void aStepOfTrainingAgrees(String name) throws Exception {
        JsonObject expected = expected(name);
        GptModel model = load(name);
        List<Parameter> trained = trained(model);
        NDList gradients = gradients(model, trained, expected.get("loss").getAsDouble());

        try (FusedAdamW optimizer =
                FusedAdamW.builder()
                        .optLearningRateTracker(Tracker.fixed(0.01f))
                        .optWeightDecays(0.1f)
                        .build()) {
            optimizer.step(trained, gradients);
        }

        assertEquals(expected.get("lossAfterStep").getAsDouble(), loss(model).getFloat(), 1e-4);
    }

    private static List<Parameter> trained(GptModel model) {
        return Blocks.parameters(model).stream().filter(Parameter::requiresGradient).toList();
    }

    /** Without dropout, as the figures are. */
    private NDList gradients(GptModel model, List<Parameter> trained, double expectedLoss)
            throws Exception {
        try (Recording on = Recording.on()) {
            NDArray loss = loss(model);
            assertEquals(expectedLoss, loss.getFloat(), 1e-5);
            return Gradients.of(loss, trained.stream().map(Parameter::getArray).toList());
        }
    }

    private NDArray loss(GptModel model) {
        NDArray tokens = ids(manager, expected("adapter-gpt2").get("ids"));
        Pass pass = new Pass(new ParameterStore(manager, false), false);
        return model.loss(tokens.get(":, :-1"), tokens.get(":, 1:"), pass);
    }

    @Test
    void ranksAndScalesAreThoseOfTheFile() throws Exception {
        assertEquals(
                new LoraConfig(4, 6, 0, EnumSet.complementOf(EnumSet.of(Role.HEAD)), false),
                Lora.config(load("adapter-llama")).orElseThrow());
        assertEquals(
                new LoraConfig(2, 1.5, 0.25f, EnumSet.of(Role.QUERY, Role.VALUE), true),
                Lora.config(load("adapter-qwen2")).orElseThrow());
        assertEquals(
                "huggingface-tiny", AdapterDirectory.base(fixture("adapter-gpt2")).orElseThrow());
    }

    @ForEachAdapter
    void savingAndLoadingChangesNothing(String name) throws Exception {
        JsonObject expected = expected(name);
        GptModel model = load(name);

        AdapterDirectory.save(model, "somewhere", folder);

        GptModel again = AdapterDirectory.load(folder, base(name), manager);
        assertEquals(Lora.config(model), Lora.config(again));
        NDArray tokens = ids(manager, expected.get("ids"));
        assertEquals(infer(model, tokens), infer(again, tokens));
        assertEquals("somewhere", AdapterDirectory.base(folder).orElseThrow());
        assertTrue(AdapterDirectory.isAdapter(folder));
    }

    @ParameterizedTest
    @ValueSource(strings = {"adapter-gpt2", "adapter-llama", "adapter-qwen2"})
    void ourFileHasPythonsTensors(String name) throws Exception {
        AdapterDirectory.save(load(name), "somewhere", folder);

        try (SafeTensors theirs =
                        SafeTensors.open(fixture(name).resolve(AdapterDirectory.WEIGHTS));
                SafeTensors ours = SafeTensors.open(folder.resolve(AdapterDirectory.WEIGHTS))) {
            assertEquals(theirs.names(), ours.names());
            for (String tensor : theirs.names()) {
                assertEquals(theirs.read(manager, tensor), ours.read(manager, tensor), tensor);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"false, 'QUERY,KEY,VALUE,UP'", "true, 'QUERY,VALUE'", "true, 'VALUE,DOWN'"})
    void layersThatShareAModuleKeepMatricesOfTheirOwn(boolean stabilised, String roles)
            throws Exception {
        Set<Role> targets = EnumSet.noneOf(Role.class);
        for (String role : roles.split(",")) {
            targets.add(Role.valueOf(role));
        }
        LoraConfig lora = new LoraConfig(3, 5, 0, targets, stabilised);
        GptModel model = Lora.adapt(base("adapter-gpt2"), lora, manager);
        RandomArrays arrays = new RandomArrays(manager, 4);
        LoraLinear.byWeight(model).values().stream()
                .map(layer -> layer.loraB().getArray())
                .forEach(b -> Blocks.set(b, arrays.normal(b.getShape().getShape())));

        AdapterDirectory.save(model, "somewhere", folder);

        GptModel again = AdapterDirectory.load(folder, base("adapter-gpt2"), manager);
        assertEquals(lora, Lora.config(again).orElseThrow());
        NDArray tokens = ids(manager, expected("adapter-gpt2").get("ids"));
        assertEquals(infer(model, tokens), infer(again, tokens));
        AdapterConfig config = AdapterConfig.read(folder);
        int joined = targets.contains(Role.KEY) ? 3 : targets.contains(Role.QUERY) ? 2 : 1;
        assertEquals(3 * joined, config.rank("transformer.h.1.attn.c_attn"));
        assertEquals(lora.scale(), config.scale("transformer.h.1.attn.c_attn"), 1e-12);
    }

    @Test
    void adaptersAreSwitchedOnOneBase() throws Exception {
        GptModel base = base("adapter-llama");
        NDArray tokens = ids(manager, expected("adapter-llama").get("ids"));
        NDArray before = infer(base, tokens);
        AdapterDirectory.save(
                Lora.adapt(base, LoraConfig.builder().setRank(2).build(), manager), "x", folder);

        GptModel one = AdapterDirectory.load(fixture("adapter-llama"), base, manager);
        GptModel other = AdapterDirectory.load(folder, base, manager);

        assertFigures(expected("adapter-llama").get("logits"), infer(one, tokens), 1e-4);
        assertEquals(before, infer(other, tokens));
    }

    @Test
    void savedAsAModelItIsMerged() throws Exception {
        GptModel model = load("adapter-llama");

        ModelDirectory.save(model, folder);

        GptModel plain = ModelDirectory.load(folder, manager);
        assertFalse(Lora.config(plain).isPresent());
        NDArray tokens = ids(manager, expected("adapter-llama").get("ids"));
        assertFigures(expected("adapter-llama").get("logits"), infer(plain, tokens), 1e-4);
    }

    @Test
    void aModelInBFloat16IsSavedWidened() throws Exception {
        GptModel base = base("adapter-llama");
        Lora.freezeInBFloat16(base);

        ModelDirectory.save(base, folder);

        NDArray tokens = ids(manager, expected("adapter-llama").get("ids"));
        assertEquals(infer(base, tokens), infer(ModelDirectory.load(folder, manager), tokens));
    }

    @Test
    void anAdapterThatIsTalkedWithSaysHowMessagesAreWritten() throws Exception {
        GptModel model = load("adapter-llama");
        Tokenizer tokenizer = CharTokenizer.fromText("abcdefgh");

        AdapterDirectory.save(model, tokenizer, ChatTemplate.alpaca(), "somewhere", folder);
        List<Message> question = List.of(Message.user("a"));
        assertEquals(
                ChatTemplate.alpaca().render(question, true),
                ChatTemplate.find(folder).orElseThrow().render(question, true));

        AdapterDirectory.save(model, tokenizer, null, "somewhere", folder);
        assertTrue(ChatTemplate.find(folder).isEmpty());
        assertEquals("cab", Tokenizer.load(folder).decode(tokenizer.encode("cab")));
    }

    @Test
    void aFolderHoldsAModelOrAnAdapter() throws Exception {
        GptModel model = load("adapter-llama");
        AdapterDirectory.save(model, "somewhere", folder);
        ModelDirectory.save(model, folder);

        assertFalse(AdapterDirectory.isAdapter(folder));
        assertFalse(Files.exists(folder.resolve(AdapterDirectory.WEIGHTS)));
        assertRefused(
                () -> AdapterDirectory.save(model, "somewhere", folder), "holds a whole model");
        assertRefused(
                () -> AdapterDirectory.save(base("adapter-llama"), "x", folder.resolve("new")),
                "has no adapter");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "peft_type; \"IA3\"; only LORA",
                "task_type; \"SEQ_CLS\"; only CAUSAL_LM",
                "use_dora; true; only false",
                "lora_bias; true; only false",
                "use_qalora; true; only false",
                "bias; \"lora_only\"; only none",
                "modules_to_save; [\"lm_head\"]; not supported",
                "trainable_token_indices; [1]; not supported",
                "layer_replication; [[0, 1]]; not supported",
                "init_lora_weights; \"pissa\"; changes the base",
                "init_lora_weights; \"olora\"; changes the base",
                "r; 0; loraRank=0",
                "r; 2.5; must be a positive integer",
                "r; 5; adapter_config.json and the base make it (5, 24)",
                "lora_alpha; 0; loraAlpha=0.0",
                "lora_alpha; -1; loraAlpha=-1.0",
                "lora_dropout; 1; loraDropout=1.0",
                "rank_pattern; {\"(a+)+\": 4}; only names of modules",
                "alpha_pattern; {\"q_proj\": 0}; must be positive"
            })
    void whatIsNotComputedIsRefusedByName(String key, String value, String reason)
            throws Exception {
        JsonObject json = Figures.read(getClass(), "adapter-llama/adapter_config.json");
        json.add(key, new Gson().fromJson(value, JsonElement.class));
        Files.writeString(folder.resolve(AdapterConfig.FILE), json.toString());
        Files.copy(
                fixture("adapter-llama").resolve(AdapterDirectory.WEIGHTS),
                folder.resolve(AdapterDirectory.WEIGHTS));

        GptModel base = base("adapter-llama");
        assertRefused(
                MalformedModelException.class,
                () -> AdapterDirectory.load(folder, base, manager),
                folder.toString(),
                reason);
        assertTrue(Blocks.parameters(base).stream().allMatch(Parameter::requiresGradient));
    }

    @Test
    void anAdapterOfAnotherBaseIsRefused() throws Exception {
        Path adapter = fixture("adapter-llama");
        GptModel wide = ModelDirectory.load(fixture("qwen2-tiny"), manager); // one key, not two
        GptModel gpt2 = base("adapter-gpt2");

        assertRefused(
                MalformedModelException.class,
                () -> AdapterDirectory.load(adapter, wide, manager),
                "k_proj.lora_B.weight has shape (12, 4)",
                "the base make it (6, 4)");
        assertRefused(
                MalformedModelException.class,
                () -> AdapterDirectory.load(adapter, gpt2, manager),
                "adapts nothing that the base has");
        assertRefused(
                () -> AdapterDirectory.load(adapter, load("adapter-llama"), manager),
                "has an adapter");
    }

    @Test
    void missingAndDamagedPartsAreNamed() throws Exception {
        GptModel base = base("adapter-llama");
        assertRefused(
                NoSuchFileException.class,
                () -> AdapterDirectory.load(folder, base, manager),
                "adapter_config.json",
                "is missing");
        Files.copy(
                fixture("adapter-llama").resolve(AdapterConfig.FILE),
                folder.resolve(AdapterConfig.FILE));
        assertRefused(
                NoSuchFileException.class,
                () -> AdapterDirectory.load(folder, base, manager),
                "adapter_model.safetensors",
                "is missing");
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        String a = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
        tensors.put(a, manager.ones(new Shape(4, 24)));
        Path weights = folder.resolve(AdapterDirectory.WEIGHTS);
        SafeTensors.write(weights, tensors);
        assertRefused(
                MalformedModelException.class,
                () -> AdapterDirectory.load(folder, base, manager),
                "q_proj.lora_B.weight is missing");
        SafeTensors.write(weights, Map.of());
        assertRefused(
                MalformedModelException.class,
                () -> AdapterDirectory.load(folder, base, manager),
                "holds no tensor");
        String b = a.replace("lora_A", "lora_B");
        tensors.put(b, manager.full(new Shape(24, 4), Float.NaN));
        SafeTensors.write(weights, tensors);
        assertRefused(
                MalformedModelException.class,
                () -> AdapterDirectory.load(folder, base, manager),
                b);
        assertRefused(
                NoSuchFileException.class,
                () -> ModelDirectory.load(folder, manager),
                "folder of an adapter");
    }

    private GptModel load(String name) throws Exception {
        return AdapterDirectory.load(fixture(name), base(name), manager);
    }

    private GptModel base(String name) throws Exception {
        return ModelDirectory.load(fixture(expected(name).get("base").getAsString()), manager);
    }

    private static JsonObject expected(String name) {
        return Figures.read(AdapterDirectoryTest.class, name + "/expected.json");
    }

    private static Path fixture(String name) throws Exception {
        return Path.of(AdapterDirectoryTest.class.getResource(name).toURI());
    }

    private static void assertClose(NDArray expected, NDArray actual, double tolerance) {
        assertEquals(expected.getShape(), actual.getShape());
        assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), (float) tolerance);
    }
}
