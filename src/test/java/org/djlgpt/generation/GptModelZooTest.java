package org.djlgpt.generation;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Application;
import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.modality.nlp.generate.CausalLMOutput;
import ai.djl.modality.nlp.generate.SearchConfig;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.djlgpt.checkpoint.AdapterDirectory;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.decoder.StatelessDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** A model folder, loaded and asked as DJL's users do. */
class GptModelZooTest {

    private static final Tokenizer TOKENIZER = CharTokenizer.fromText("abcdefgh \n");
    private static final int NEW_TOKENS = 40;

    @TempDir private Path folder;
    private final NDManager manager = ComputeDevice.newManager();
    private GptModel gpt;

    @BeforeEach
    void save() throws Exception {
        gpt = TinyGpt.scrambled(TinyGpt.size(TOKENIZER.vocabSize(), 16).build(), 4, manager);
        ModelDirectory.save(gpt, folder);
        TOKENIZER.save(folder);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void aPredictorWritesWhatATextGeneratorWrites() throws Exception {
        Criteria<String, String> criteria =
                texts().optArgument("temperature", 0.7)
                        .optArgument("topK", 5)
                        .optArgument("topP", 0.9)
                        .optArgument("minP", "0.01")
                        .optArgument("repetitionPenalty", 1.1f)
                        .optArgument("maxNewTokens", 30L)
                        .build();
        Sampler sampler =
                Sampler.random()
                        .minP(0.01)
                        .topP(0.9)
                        .topK(5)
                        .temperature(0.7)
                        .repetitionPenalty(1.1);
        Engine.getInstance().setRandomSeed(7);
        String expected = generator().optSampler(sampler).optMaxNewTokens(30).build().generate("a");

        try (ZooModel<String, String> model = criteria.loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            Engine.getInstance().setRandomSeed(7);
            assertEquals(expected, predictor.predict("a"));
        }
    }

    @Test
    void theFolderOfAnAdapterIsTheAdapterOnItsBase() throws Exception {
        Path other = folder.resolve("adapter");
        LoraConfig lora = LoraConfig.builder().setRank(2).build();
        GptModel adapted = Lora.adapt(ModelDirectory.load(folder, manager), lora, manager);
        adapted.getParameters().values().stream()
                .filter(Parameter::requiresGradient)
                .forEach(part -> part.getArray().addi(0.3f));
        AdapterDirectory.save(adapted, folder.toString(), other);
        String expected = greedyGenerator(adapted).generate("a");
        assertNotEquals(greedyGenerator().generate("a"), expected);

        for (String precision : List.of("fp32", "bf16")) {
            Criteria<String, String> criteria =
                    criteria(other)
                            .setTypes(String.class, String.class)
                            .optArgument("temperature", 0)
                            .optArgument("maxNewTokens", NEW_TOKENS)
                            .optOption("precision", precision)
                            .build();
            try (ZooModel<String, String> model = criteria.loadModel();
                    Predictor<String, String> predictor = model.newPredictor()) {
                assertEquals(expected, predictor.predict("a"), precision);
            }
        }
    }

    @Test
    void withoutArgumentsTheDefaultsAreThoseOfTheGenerator() throws Exception {
        Engine.getInstance().setRandomSeed(7);
        String expected = generator().build().generate("a");

        try (ZooModel<String, String> model = texts().build().loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            Engine.getInstance().setRandomSeed(7);
            assertEquals(expected, predictor.predict("a"));
        }
    }

    @Test
    void aSeedAmongTheArgumentsFixesEveryText() throws Exception {
        Criteria<String, String> criteria = texts().optArgument("seed", 3).build();
        String expected = generator().optSeed(3).build().generate("a");

        try (ZooModel<String, String> model = criteria.loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            assertEquals(expected, predictor.predict("a"));
            assertEquals(expected, predictor.predict("a"));
        }
    }

    @Test
    void promptsOfABatchAreContinuedAsIfAlone() throws Exception {
        List<String> prompts = List.of("a", "bad cab head", "had a bag");

        try (ZooModel<String, String> model = greedy().build().loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            List<String> alone = new ArrayList<>();
            for (String prompt : prompts) {
                alone.add(predictor.predict(prompt));
            }
            assertEquals(alone, predictor.batchPredict(prompts));
        }
    }

    @Test
    void stopStringsEndAText() throws Exception {
        String whole = greedyGenerator().generate("a");
        String stop = whole.substring(3, 5);
        String expected = whole.substring(0, whole.indexOf(stop));

        for (Object given : List.of(stop, List.of("zz", stop))) {
            Criteria<String, String> criteria = greedy().optArgument("stopStrings", given).build();
            try (ZooModel<String, String> model = criteria.loadModel();
                    Predictor<String, String> predictor = model.newPredictor()) {
                assertEquals(expected, predictor.predict("a"));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "generation_config.json"})
    void aTokenThatTheFolderNamesEndsAText(String file) throws Exception {
        String whole = greedyGenerator().generate("a");
        String end = whole.replace(whole.substring(0, 1), "").substring(0, 1);
        Files.delete(folder.resolve("generation_config.json"));
        setEndOfText(file, List.of(50256, TOKENIZER.encode(end)[0]));

        try (ZooModel<String, String> model = greedy().build().loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            assertEquals(whole.substring(0, whole.indexOf(end)), predictor.predict("a"));
        }
    }

    /** The folder has 10 ids. */
    @Test
    void aTokenThatTheModelDoesNotHaveEndsNothing() throws Exception {
        String whole = greedyGenerator().generate("a");
        setEndOfText("generation_config.json", 10);

        try (ZooModel<String, String> model = greedy().build().loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            assertEquals(whole, predictor.predict("a"));
        }
    }

    @Test
    void endsThatAreNoTokensAreRefusedAndLeaveNothing() throws Exception {
        long held = HeldArrays.inProcess(manager);
        setEndOfText("generation_config.json", "the end");

        assertRefused(
                MalformedModelException.class,
                () -> texts().build().loadModel(),
                "generation_config.json: $.eos_token_id is \"the end\"");
        assertEquals(held, HeldArrays.inProcess(manager));
    }

    private void setEndOfText(String file, Object ids) throws IOException {
        Path path = folder.resolve(file);
        JsonObject json =
                Files.exists(path)
                        ? JsonParser.parseString(Files.readString(path)).getAsJsonObject()
                        : new JsonObject();
        json.add("eos_token_id", new Gson().toJsonTree(ids));
        Files.writeString(path, json.toString());
    }

    @Test
    void threadsShareAModel() throws Exception {
        List<String> prompts = List.of("a", "be", "cad", "dead beef");
        TextGenerator generator = greedyGenerator();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (ZooModel<String, String> model = greedy().build().loadModel();
                Predictor<String, String> shared = model.newPredictor()) {
            List<Callable<List<String>>> tasks = new ArrayList<>();
            for (String prompt : prompts) {
                tasks.add(
                        () -> {
                            try (Predictor<String, String> own = model.newPredictor()) {
                                return List.of(own.predict(prompt), shared.predict(prompt));
                            }
                        });
            }
            List<Future<List<String>>> texts = threads.invokeAll(tasks);
            for (int i = 0; i < prompts.size(); i++) {
                String expected = generator.generate(prompts.get(i));
                assertEquals(List.of(expected, expected), texts.get(i).get());
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void djlSearchesWithTheSameFolder() throws Exception {
        int[] prompt = TOKENIZER.encode("bad");
        int[] expected =
                new TokenGenerator(gpt, manager, Sampler.greedy())
                        .generate(prompt, 10, token -> true);
        Criteria<NDList, CausalLMOutput> criteria =
                folder().setTypes(NDList.class, CausalLMOutput.class).build();
        SearchConfig config = new SearchConfig();
        config.setMaxSeqLength(13);

        try (ZooModel<NDList, CausalLMOutput> model = criteria.loadModel();
                Predictor<NDList, CausalLMOutput> predictor = model.newPredictor()) {
            long[] ids = IntStream.of(prompt).asLongStream().toArray();
            long[] found =
                    new ai.djl.modality.nlp.generate.TextGenerator(predictor, "greedy", config)
                            .generate(manager.create(ids, new Shape(1, 3)))
                            .toLongArray();
            assertEquals(
                    IntStream.concat(IntStream.of(prompt), IntStream.of(expected)).boxed().toList(),
                    Arrays.stream(found).mapToObj(id -> (int) id).toList());
        }
    }

    @ParameterizedTest
    @EnumSource(WeightPrecision.class)
    void weightsAreKeptInThePrecisionThatIsAskedFor(WeightPrecision precision) throws Exception {
        String option = precision.name().toLowerCase(Locale.ROOT);
        Criteria<String, String> criteria = greedy().optOption("precision", option).build();

        try (ZooModel<String, String> model = criteria.loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            StatelessDecoder block = assertInstanceOf(StatelessDecoder.class, model.getBlock());
            assertEquals(precision, block.decoder().precision());
            assertEquals(NEW_TOKENS, predictor.predict("a").length());
        }
    }

    @Test
    void deviceNameApplicationAndTranslatorAreThoseOfTheCriteria() throws Exception {
        Criteria<NDList, NDList> criteria =
                folder().setTypes(NDList.class, NDList.class)
                        .optDevice(Device.cpu())
                        .optModelName("mine")
                        .optApplication(Application.NLP.TEXT_GENERATION)
                        .optTranslator(new NoopTranslator())
                        .build();

        try (ZooModel<NDList, NDList> model = criteria.loadModel()) {
            assertEquals(Device.cpu(), model.getNDManager().getDevice());
            assertEquals("mine", model.getName());
            assertEquals(folder.toAbsolutePath(), model.getModelPath());
            assertInstanceOf(NoopTranslator.class, model.getTranslator());
        }
    }

    @Test
    void closingTheModelLeavesNothing() throws Exception {
        long held = HeldArrays.inProcess(manager);

        try (ZooModel<String, String> model = greedy().build().loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            predictor.predict("a");
            long loaded = HeldArrays.inProcess(manager);
            predictor.batchPredict(List.of("abc", "d"));
            assertEquals(loaded, HeldArrays.inProcess(manager), "a prediction leaves nothing");
        }

        assertEquals(held, HeldArrays.inProcess(manager));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "temperature | -1 | at least 0",
                "temperature | warm | must be a number",
                "topK | 2.5 | must be a whole number",
                "topK | 99999999999 | must be a whole number",
                "topK | 0 | at least 1",
                "topP | NaN | above 0",
                "maxNewTokens | 0 | at least 1",
                "seed | x | must be a whole number",
                "tempreture | 1 | use one of [maxNewTokens, minP, repetitionPenalty, seed"
            })
    void badArgumentsAreRefusedAndLeaveNothing(String name, String value, String remedy) {
        long held = HeldArrays.inProcess(manager);

        assertRefused(
                () -> texts().optArgument(name, value).build().loadModel(),
                name + "=" + value,
                remedy);

        assertEquals(held, HeldArrays.inProcess(manager));
    }

    @Test
    void badOptionsAndArgumentsOfNoUseAreRefused() {
        assertRefused(
                () -> texts().optArgument("stopStrings", List.of(1)).build().loadModel(),
                "stopStrings=[1] must be a string");
        assertRefused(
                () -> texts().optOption("precision", "fp64").build().loadModel(),
                "precision=fp64",
                "FP32, BF16, FP16, INT8, INT4");
        assertRefused(() -> texts().optOption("epoch", "1").build().loadModel(), "epoch=1");
        assertRefused(
                () ->
                        folder().setTypes(NDList.class, CausalLMOutput.class)
                                .optArgument("topK", 3)
                                .build()
                                .loadModel(),
                "topK=3 is not known");
    }

    @Test
    void aPromptThatCannotBeReadArrivesAsTheCause() throws Exception {
        try (ZooModel<String, String> model = texts().build().loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            for (String prompt : List.of("", "é")) {
                TranslateException refused =
                        assertThrows(TranslateException.class, () -> predictor.predict(prompt));
                assertInstanceOf(IllegalArgumentException.class, refused.getCause());
            }
        }
    }

    @Test
    void aMissingFolderIsNotFound() {
        Path missing = folder.resolve("missing");

        assertNotFound(criteria(missing).setTypes(String.class, String.class), missing.toString());
    }

    @Test
    void otherTypesAreNotFound() {
        assertNotFound(folder().setTypes(Integer.class, String.class), "Integer");
    }

    @Test
    void aFolderWithoutATokenizerIsNotFound() throws Exception {
        Files.delete(folder.resolve("char_tokenizer.json"));

        assertNotFound(texts(), "holds no tokenizer");
    }

    @Test
    void aFolderWithoutWeightsNamesTheFile() throws Exception {
        Files.delete(folder.resolve("model.safetensors"));

        assertRefused(
                NoSuchFileException.class, () -> texts().build().loadModel(), "model.safetensors");
    }

    @Test
    void aMalformedFolderIsRefused() throws Exception {
        Files.writeString(folder.resolve("config.json"), "{}");

        assertThrows(MalformedModelException.class, () -> texts().build().loadModel());
    }

    private static void assertNotFound(Criteria.Builder<?, ?> criteria, String reason) {
        ModelNotFoundException refused =
                assertThrows(ModelNotFoundException.class, () -> criteria.build().loadModel());
        String message = refused.getCause().getMessage();
        assertTrue(message.contains(reason), message);
    }

    private Criteria.Builder<String, String> greedy() {
        return texts().optArgument("temperature", 0).optArgument("maxNewTokens", NEW_TOKENS);
    }

    private Criteria.Builder<String, String> texts() {
        return folder().setTypes(String.class, String.class);
    }

    private Criteria.Builder<?, ?> folder() {
        return criteria(folder);
    }

    private static Criteria.Builder<?, ?> criteria(Path folder) {
        return Criteria.builder().optModelZoo(new GptModelZoo(folder));
    }

    private TextGenerator greedyGenerator() {
        return greedyGenerator(gpt);
    }

    private TextGenerator greedyGenerator(GptModel gpt) {
        return generator()
                .setModel(gpt)
                .optSampler(Sampler.greedy())
                .optMaxNewTokens(NEW_TOKENS)
                .build();
    }

    private TextGenerator.Builder generator() {
        return TextGenerator.builder().setModel(gpt).setTokenizer(TOKENIZER).setManager(manager);
    }
}
