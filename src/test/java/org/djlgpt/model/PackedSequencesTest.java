package org.djlgpt.model;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

import org.djlgpt.attention.CausalAttention;
import org.djlgpt.nn.Autocast;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.Positions;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.PlainOperators;
import org.djlgpt.torch.Recording;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Sequences side by side in a row are to a model what they are in rows of their own. */
class PackedSequencesTest {

    private static final int WORDS = 13;
    private static final int CONTEXT = 16;
    private static final float TOLERANCE = 1e-5f;

    private final NDManager manager = ComputeDevice.newManager();
    private final RandomArrays random = new RandomArrays(manager, 5);

    @AfterEach
    void close() {
        manager.close();
    }

    static Stream<GptConfig> families() {
        LlamaConfig.Builder llama =
                LlamaConfig.builder()
                        .setVocabSize(WORDS)
                        .setContextLength(CONTEXT)
                        .setEmbeddingDim(16)
                        .setNumHeads(4)
                        .setNumLayers(2);
        return Stream.of(
                TinyGpt.size(WORDS, CONTEXT).build(),
                llama.build(),
                llama.optNumKeyValueHeads(2).build(),
                llama.optRelative(LlamaConfig.Relative.QWEN3).build(),
                llama.optRelative(LlamaConfig.Relative.MISTRAL).optSlidingWindow(3).build());
    }

    /** A row of sequences: where each begins, and the end. */
    private List<Integer> bounds() {
        List<Integer> bounds = new ArrayList<>(List.of(0));
        while (bounds.get(bounds.size() - 1) < CONTEXT) {
            int last = bounds.get(bounds.size() - 1);
            bounds.add(Math.min(CONTEXT, last + random.between(1, 9)));
        }
        return bounds;
    }

    private NDArray positions(List<List<Integer>> rows) {
        long[] positions =
                rows.stream()
                        .flatMapToLong(
                                bounds -> {
                                    long[] row = new long[CONTEXT];
                                    Arrays.setAll(
                                            row,
                                            t -> bounds.contains(t) || t == 0 ? 0 : row[t - 1] + 1);
                                    return Arrays.stream(row);
                                })
                        .toArray();
        return manager.create(positions, new Shape(rows.size(), CONTEXT));
    }

    @ParameterizedTest
    @MethodSource("families")
    void noSequenceSeesAnother(GptConfig config) {
        GptModel model = TinyGpt.scrambled(config, 3, manager);
        for (int repeat = 0; repeat < 5; repeat++) {
            List<List<Integer>> rows = List.of(bounds(), bounds());
            NDArray tokens = random.ids(WORDS, 2, CONTEXT);
            NDArray targets = random.ids(WORDS, 2, CONTEXT);
            Pass packed = pass().at(Positions.packed(positions(rows)));
            try (PlainOperators plain = repeat == 0 ? new PlainOperators() : null) {
                assertSameAlone(model, tokens, targets, rows, packed);
            }
        }
    }

    private void assertSameAlone(
            GptModel model,
            NDArray tokens,
            NDArray targets,
            List<List<Integer>> rows,
            Pass packed) {
        List<NDArray> weights = weights(model);
        float[][] sums = new float[weights.size()][];
        try (Recording on = Recording.on()) {
            for (int row = 0; row < rows.size(); row++) {
                for (int i = 0; i + 1 < rows.get(row).size(); i++) {
                    int from = rows.get(row).get(i);
                    int to = rows.get(row).get(i + 1);
                    String part = "%d:%d, %d:%d".formatted(row, row + 1, from, to);
                    NDArray only = targets.zerosLike().add(CrossEntropy.IGNORED);
                    only.set(new NDIndex(part), targets.get(part));

                    NDArray alone = model.loss(tokens.get(part), targets.get(part), pass());
                    NDArray beside = model.loss(tokens, only, packed);

                    assertEquals(alone.getFloat(), beside.getFloat(), TOLERANCE);
                    add(sums, Gradients.of(alone.mul(to - from), weights));
                }
            }
            NDArray mean = model.loss(tokens, targets, packed);
            NDList gradients = Gradients.of(mean.mul(targets.size()), weights);
            for (int i = 0; i < sums.length; i++) {
                float scale = Math.max(1, gradients.get(i).abs().max().getFloat());
                float[] found = gradients.get(i).toFloatArray();
                assertArrayEquals(sums[i], found, TOLERANCE * scale);
            }
        }
    }

    private static void add(float[][] sums, NDList gradients) {
        for (int i = 0; i < sums.length; i++) {
            float[] gradient = gradients.get(i).toFloatArray();
            float[] before = sums[i] == null ? new float[gradient.length] : sums[i];
            for (int j = 0; j < gradient.length; j++) {
                gradient[j] += before[j];
            }
            sums[i] = gradient;
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void bfloat16KeepsThemApartAsWell(GptConfig config) {
        GptModel model = TinyGpt.scrambled(config, 3, manager);
        List<List<Integer>> rows = List.of(bounds(), bounds());
        NDArray tokens = random.ids(WORDS, 2, CONTEXT);
        Positions positions = Positions.packed(positions(rows));
        NDArray others = tokens.duplicate(); // of the second sequence on
        int second = rows.get(0).get(1);
        String rest = "0, %d:".formatted(second);
        others.set(new NDIndex(rest), tokens.get(rest).add(1).mod(WORDS));
        NDArray targets = targetsOfTheFirst(tokens, second);

        float exact = model.loss(tokens, targets, pass().at(positions)).getFloat();
        try (Autocast half = Autocast.bfloat16()) {
            float loss = model.loss(tokens, targets, pass().at(positions)).getFloat();

            assertEquals(exact, loss, 0.03 * exact);
            assertEquals(loss, model.loss(others, targets, pass().at(positions)).getFloat());
        }
    }

    private static NDArray targetsOfTheFirst(NDArray tokens, int second) {
        NDArray targets = tokens.zerosLike().add(CrossEntropy.IGNORED);
        String first = "0, :" + second;
        targets.set(new NDIndex(first), tokens.get(first));
        return targets;
    }

    @Test
    void rowsOfOneSequenceAreUnchangedToTheBit() {
        GptModel model = TinyGpt.scrambled(families().toList().get(2), 3, manager);
        NDArray tokens = random.ids(WORDS, 2, CONTEXT);

        NDArray whole = pass().through(tokens, model);
        assertArrayEquals(
                Blocks.infer(model, tokens).toFloatArray(),
                pass().at(Positions.from(0)).through(tokens, model).toFloatArray());
        NDArray packed =
                pass().at(Positions.packed(positions(List.of(List.of(0), List.of(0)))))
                        .through(tokens, model);
        assertArrayEquals(whole.toFloatArray(), packed.toFloatArray(), TOLERANCE);
    }

    /** The rung without heads, too. */
    @Test
    void causalAttentionKeepsThemApart() {
        CausalAttention block =
                CausalAttention.builder()
                        .setInputDim(3)
                        .setOutputDim(4)
                        .setContextLength(CONTEXT)
                        .build();
        Blocks.initialized(block, manager, new Shape(1, CONTEXT, 3));
        NDArray x = random.normal(1, CONTEXT, 3);
        Pass packed = pass().at(Positions.packed(positions(List.of(List.of(0, 5)))));

        NDArray found = packed.through(x, block).get(":, 5:");

        NDArray alone = pass().through(x.get(":, 5:"), block);
        assertArrayEquals(alone.toFloatArray(), found.toFloatArray(), TOLERANCE);
    }

    @Test
    void positionsMustCountFromZero() {
        assertRefused(() -> packed(0, 1, 3), "position 3 of token 2 in row 0", "0", "or 2");
        assertRefused(() -> packed(1, 2, 3), "position 1 of token 0 in row 0 must be 0");
        assertRefused(() -> packed(0, -1, 0), "position -1 of token 1", "or 1");
        assertRefused(() -> Positions.packed(manager.create(new long[3])), "(B, T)");
    }

    @Test
    void positionsMustFitTheTokens() {
        GptModel gpt2 = TinyGpt.model(families().toList().get(0), 3, manager);
        GptModel llama = TinyGpt.model(families().toList().get(1), 3, manager);
        Pass packed = pass().at(packed(0, 1, 0));

        for (GptModel model : List.of(gpt2, llama)) {
            assertRefused(() -> model.loss(ids(1, 4), ids(1, 4), packed), "(1, 3)", "of 4 tokens");
        }
        assertRefused(() -> gpt2.loss(ids(2, 3), ids(2, 3), packed), "(1, 3)", "2 rows");
        assertRefused(() -> llama.loss(ids(2, 3), ids(2, 3), packed), "(2, 4, 3, 4)", "(1, 4");
    }

    private NDArray ids(long rows, long tokens) {
        return random.ids(WORDS, rows, tokens);
    }

    private Positions packed(long... positions) {
        return Positions.packed(manager.create(positions, new Shape(1, positions.length)));
    }

    private Pass pass() {
        return new Pass(new ParameterStore(manager, false), false);
    }

    private static List<NDArray> weights(GptModel model) {
        List<NDArray> weights =
                model.getParameters().values().stream().map(Parameter::getArray).toList();
        weights.forEach(weight -> weight.setRequiresGradient(true));
        return weights;
    }
}
