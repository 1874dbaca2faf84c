package org.djlgpt.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.modality.nlp.generate.CausalLMOutput;
import ai.djl.modality.nlp.generate.SearchConfig;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.translate.TranslateException;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.StatelessDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.GptModel;
import org.djlgpt.testing.Figures;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.Refusals;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** DJL's own text generation, with our model and what its cache would hold. */
class DjlSearchTest {

    private static final JsonObject FIGURES = Figures.read(DjlSearchTest.class, "searches.json");
    private static final int[][] PROMPTS = tokens(FIGURES.get("prompts"));
    private static final int LENGTH = FIGURES.get("length").getAsInt();
    private static final int PADDING = 63; // no prompt starts with it

    private final NDManager manager = ComputeDevice.newManager();
    private GptModel gpt;
    private Model model;
    private Predictor<NDList, CausalLMOutput> predictor;

    @BeforeEach
    void open() throws Exception {
        Path folder =
                Path.of(DjlSearchTest.class.getResource("../checkpoint/huggingface-tiny").toURI());
        gpt = ModelDirectory.load(folder, manager);
        use(WeightPrecision.FP32);
    }

    private void use(WeightPrecision precision) {
        model = Model.newInstance("gpt", ComputeDevice.get());
        model.setBlock(new StatelessDecoder(new GptDecoder(gpt, precision, manager)));
        predictor = model.newPredictor(new CausalTranslator());
    }

    @AfterEach
    void close() {
        predictor.close();
        model.close();
        manager.close();
    }

    @Test
    void greedySearchFindsWhatTransformersFinds() throws Exception {
        assertArrayEquals(tokens(FIGURES.get("greedy")), continuations("greedy"));
    }

    @Test
    void contrastiveSearchFindsWhatItsFormulaGivesOnTheWholeModel() throws Exception {
        assertArrayEquals(tokens(FIGURES.get("contrastive")), continuations("contrastive"));
    }

    @Test
    void beamSearchFindsWhatTransformersFinds() throws Exception {
        int[][] expected =
                IntStream.range(0, PROMPTS.length)
                        .mapToObj(i -> tokens(FIGURES.getAsJsonArray("beam").get(i)))
                        .flatMap(DjlSearchTest::inOrder)
                        .toArray(int[][]::new);
        int beams = FIGURES.get("beams").getAsInt();

        int[][] found = continuations("beam");

        int[][] sorted =
                IntStream.range(0, PROMPTS.length)
                        .mapToObj(i -> Arrays.copyOfRange(found, i * beams, (i + 1) * beams))
                        .flatMap(DjlSearchTest::inOrder)
                        .toArray(int[][]::new);
        assertArrayEquals(expected, sorted);
    }

    @Test
    void greedySearchFindsWhatOurGeneratorFinds() throws Exception {
        int[][] ours = new int[PROMPTS.length][];
        TokenGenerator generator = new TokenGenerator(gpt, manager, Sampler.greedy());
        for (int i = 0; i < PROMPTS.length; i++) {
            ours[i] = generator.generate(PROMPTS[i], LENGTH - longest(), token -> true);
        }

        assertArrayEquals(ours, continuations("greedy"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"greedy", "beam", "contrastive"})
    void aPromptAloneIsContinuedAsInABatch(String search) throws Exception {
        int[] alone = search(search, LENGTH, PROMPTS[0])[0];

        int[] batched = search(search, LENGTH, PROMPTS)[0];

        assertArrayEquals(batched, alone);
    }

    /** DJL keeps the state of every step until then. */
    @ParameterizedTest
    @ValueSource(strings = {"greedy", "beam", "contrastive"})
    void nothingIsLeftOnceTheManagerOfThePromptsIsClosed(String search) throws Exception {
        long held = HeldArrays.inProcess(manager);

        search(search, LENGTH, PROMPTS);

        assertEquals(held, HeldArrays.inProcess(manager));
    }

    @ParameterizedTest
    @ValueSource(strings = {"greedy", "beam", "contrastive"})
    void halfOfThePrecisionFindsTheSameFirstToken(String search) throws Exception {
        int[] prompt = PROMPTS[1]; // here the best token leads by far
        int first = search(search, LENGTH, prompt)[0][prompt.length];
        predictor.close();
        model.close();
        use(WeightPrecision.BF16);

        assertEquals(first, search(search, LENGTH, prompt)[0][prompt.length]);
    }

    @Test
    void aSequenceLongerThanTheContextIsRefused() {
        Refusals.assertRefused(
                TranslateException.class,
                () -> search("greedy", LENGTH + 2, PROMPTS),
                "position 16",
                "16 tokens");
    }

    private int[][] continuations(String search) throws TranslateException {
        return Arrays.stream(search(search, LENGTH, PROMPTS))
                .map(row -> Arrays.copyOfRange(row, longest(), row.length))
                .toArray(int[][]::new);
    }

    private int[][] search(String search, int length, int[]... prompts) throws TranslateException {
        try (NDManager own = manager.newSubManager()) {
            NDArray found = generate(search, length, padded(own, prompts)); // (rows, length)
            long[] ids = found.toLongArray();
            int width = (int) found.getShape().get(1);
            return IntStream.range(0, ids.length / width)
                    .mapToObj(row -> Arrays.copyOfRange(ids, row * width, (row + 1) * width))
                    .map(row -> Arrays.stream(row).mapToInt(id -> (int) id).toArray())
                    .toArray(int[][]::new);
        }
    }

    private NDArray generate(String search, int length, NDArray prompts) throws TranslateException {
        return new ai.djl.modality.nlp.generate.TextGenerator(predictor, search, config(length))
                .generate(prompts);
    }

    private static SearchConfig config(int length) {
        SearchConfig config = new SearchConfig();
        config.setMaxSeqLength(length);
        config.setPadTokenId(PADDING);
        config.setBeam(FIGURES.get("beams").getAsInt());
        config.setK(FIGURES.get("k").getAsInt());
        config.setAlpha(FIGURES.get("alpha").getAsFloat());
        return config;
    }

    private static NDArray padded(NDManager manager, int[]... prompts) {
        int longest = Arrays.stream(prompts).mapToInt(prompt -> prompt.length).max().getAsInt();
        long[][] padded = new long[prompts.length][longest];
        for (int row = 0; row < prompts.length; row++) {
            Arrays.fill(padded[row], PADDING);
            for (int i = 0; i < prompts[row].length; i++) {
                padded[row][longest - prompts[row].length + i] = prompts[row][i];
            }
        }
        return manager.create(padded); // (B, T)
    }

    private static int longest() {
        return Arrays.stream(PROMPTS).mapToInt(prompt -> prompt.length).max().getAsInt();
    }

    private static Stream<int[]> inOrder(int[]... rows) {
        return Arrays.stream(rows).sorted(Comparator.comparing(Arrays::toString));
    }

    private static int[][] tokens(JsonElement rows) {
        return new Gson().fromJson(rows, int[][].class);
    }
}
