package org.djlgpt.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.OnCpu;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.FloatType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Every kernel of every precision, with layers wide enough for each. */
class LinearKernelTest {

    private static final int VOCABULARY = 61;
    private static final int CONTEXT = 80;

    private final NDManager manager = ComputeDevice.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    private GptModel model(boolean llama, boolean tied) {
        GptConfig config =
                llama
                        ? LlamaConfig.builder()
                                .setVocabSize(VOCABULARY)
                                .setContextLength(CONTEXT)
                                .setEmbeddingDim(64)
                                .setNumHeads(4)
                                .setNumLayers(2)
                                .optHiddenDim(192)
                                .optNumKeyValueHeads(2)
                                .optTiedOutput(tied)
                                .build()
                        : TinyGpt.size(VOCABULARY, CONTEXT)
                                .optQkvBias(true)
                                .setEmbeddingDim(64)
                                .setNumHeads(4)
                                .setNumLayers(2)
                                .optTiedOutput(tied)
                                .build();
        return TinyGpt.model(config, 3, manager);
    }

    private static Stream<Arguments> kernels() {
        return Arrays.stream(WeightPrecision.values())
                .flatMap(
                        precision ->
                                precision.kernelsOf(ComputeDevice.get()).stream()
                                        .flatMap(kernel -> models(precision, kernel)));
    }

    private static Stream<Arguments> models(WeightPrecision precision, LinearKernel kernel) {
        return Stream.of(true, false)
                .flatMap(
                        llama ->
                                Stream.of(true, false)
                                        .map(tied -> Arguments.of(precision, kernel, llama, tied)));
    }

    /** What rounding makes of logits, as a share of their spread. */
    private static double promised(WeightPrecision precision) {
        return switch (precision) {
            case FP32 -> 1e-5;
            case FP16 -> 0.005;
            case BF16, INT8 -> 0.03;
            case INT4 -> 0.2;
        };
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void aPromptAndSingleTokensStayNearFloat32(
            WeightPrecision precision, LinearKernel kernel, boolean llama, boolean tied) {
        GptModel model = model(llama, tied);
        NDArray tokens = tokens(2, 75);
        NDArray exact = Blocks.infer(model, tokens); // (2, 75, V)
        double spread = norm(exact.sub(exact.mean()));
        KernelChoice choice = KernelChoice.of(kernel, precision);
        try (GptDecoder decoder = new GptDecoder(model, precision, choice, manager)) {
            NDArray block = Blocks.infer(decoder, tokens);
            assertTrue(norm(block.sub(exact)) < promised(precision) * spread, "as a block");
            for (FloatType kept : cacheTypes(precision)) {
                GptConfig config = model.config();
                Shape shape = new Shape(2, config.numKeyValueHeads(), CONTEXT, config.headDim());
                try (GptCache cache = new GptCache(manager, config.numLayers(), shape, kept)) {
                    for (int[] piece :
                            new int[][] {{0, 40}, {40, 41}, {41, 44}, {44, 64}, {64, 75}}) {
                        int count = piece[1] - piece[0];
                        NDArray next = decoder.nextOfLast(count, columns(tokens, piece), cache);
                        double error = norm(next.sub(columns(exact, piece)));
                        double share = error / norm(columns(exact, piece));
                        assertTrue(share < promised(precision), piece[0] + ": " + share);
                        // what the same weights give in one pass differs by roundings of products
                        // only
                        double apart = norm(next.sub(columns(block, piece))) / norm(next);
                        double rounding = precision == WeightPrecision.FP16 ? 0.005 : 0.02;
                        assertTrue(apart < rounding, piece[0] + ": apart " + apart);
                    }
                }
            }
        }
    }

    /** What a processor may prefer; a GPU keeps what it computes in. */
    private static List<FloatType> cacheTypes(WeightPrecision precision) {
        return precision == WeightPrecision.FP32 || precision == WeightPrecision.FP16
                ? List.of(FloatType.FLOAT32)
                : List.of(FloatType.FLOAT32, FloatType.BFLOAT16);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void fourBitsAreWhatLayersHave(boolean llama) {
        GptModel model = model(llama, true);
        NDArray tokens = tokens(1, 20);
        NDArray exact = Blocks.infer(model, tokens);
        double int8 = error(model, WeightPrecision.INT8, tokens, exact);
        double int4 = error(model, WeightPrecision.INT4, tokens, exact);

        assertTrue(int4 > 3 * int8, int4 + " beside " + int8);
    }

    private double error(GptModel model, WeightPrecision precision, NDArray tokens, NDArray exact) {
        try (GptDecoder decoder = new GptDecoder(model, precision, manager)) {
            return norm(Blocks.infer(decoder, tokens).sub(exact));
        }
    }

    /** Weights that lie on 16 steps of each group of 32 are not changed. */
    @ParameterizedTest
    @CsvSource({"64, 32", "128, 96"})
    void weightsOnSixteenStepsAreExact(int out, int in) {
        float[] numbers = new float[out * in];
        Random random = new Random(1);
        for (int group = 0; group < numbers.length; group += 32) {
            float step = 1f / (1 << random.nextInt(6));
            float zero = step * (random.nextInt(9) - 4);
            for (int i = 0; i < 32; i++) {
                numbers[group + i] = zero + step * (i < 16 ? i - 8 : random.nextInt(16) - 8);
            }
        }
        NDArray weight = manager.create(numbers, new Shape(out, in));
        Weight kept = Weight.int4(weight);
        NDArray identity = manager.eye(in);

        assertEquals(out * in / 2, kept.value().size());
        assertEquals(DataType.UINT8, kept.value().getDataType());
        assertEquals(new Shape(in / 32, out, 2), kept.scale().getShape());
        for (int rows : new int[] {1, 8, in}) {
            NDArray rowsOfIt = product(identity.get(":" + rows), kept.value(), kept.scale());
            assertEquals(weight.transpose().get(":" + rows), rowsOfIt);
        }
    }

    /** A device that has no product with such numbers reads the same ones, block by block. */
    @Test
    void numbersThatAreOnlyWidenedAreTheSame() {
        NDArray weight = manager.randomNormal(new Shape(128, 96));
        Weight kept = Weight.int4(weight);
        NDArray x = manager.randomNormal(new Shape(100, 96));
        NDArray expected = product(x, kept.value(), kept.scale());

        long same =
                IntStream.of(32, 64)
                        .mapToObj(block -> kept.value().reshape(128 / block, 96, block / 2))
                        .filter(blocks -> expected.equals(product(x, blocks, kept.scale())))
                        .count();

        assertEquals(1, same);
    }

    /** Both sides are whole numbers here, so that no number is rounded. */
    @Test
    @OnCpu("a GPU has no such product")
    void wholeNumbersAreMultipliedExactly() {
        assumeTrue(WeightPrecision.INT8.kernelsOf(Device.cpu()).contains(LinearKernel.DYNAMIC));
        NDManager host = manager.newSubManager(Device.cpu());
        Random random = new Random(4);
        float[] weights = wholeNumbers(48, 96, random);
        Weight kept = Weight.dynamic(host.create(weights, new Shape(48, 96)));
        for (int rows : new int[] {1, 3, 40}) {
            float[] x = wholeNumbers(rows, 96, random);
            float[] expected = new float[rows * 48];
            for (int i = 0; i < expected.length; i++) {
                for (int k = 0; k < 96; k++) {
                    expected[i] += x[i / 48 * 96 + k] * weights[i % 48 * 96 + k];
                }
            }
            NDArray y = product(host.create(x, new Shape(rows, 96)), kept.value(), kept.scale());
            assertArrayEquals(expected, y.toFloatArray(), 0.5f);
        }
    }

    /** Rows of numbers from -127 to 127 that begin with 127. */
    private static float[] wholeNumbers(int rows, int columns, Random random) {
        float[] numbers = new float[rows * columns];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = i % columns == 0 ? 127 : random.nextInt(255) - 127;
        }
        return numbers;
    }

    @Test
    @OnCpu("a GPU has no such product")
    void aTokenIsRoundedByItself() {
        assumeTrue(WeightPrecision.INT8.kernelsOf(Device.cpu()).contains(LinearKernel.DYNAMIC));
        NDManager host = manager.newSubManager(Device.cpu());
        Weight kept = Weight.dynamic(host.randomNormal(new Shape(48, 64)));
        NDArray alone = host.randomNormal(new Shape(1, 64));
        NDArray beside =
                host.zeros(new Shape(2, 64)).add(host.create(new float[] {0, 1e6f}).expandDims(1));
        NDArray expected = product(alone, kept.value(), kept.scale());

        NDArray all = product(alone.concat(beside), kept.value(), kept.scale());

        assertEquals(expected, all.get("0:1"));
        assertEquals(host.zeros(new Shape(48)), all.get(1));
    }

    private static NDArray product(NDArray x, NDArray value, NDArray scale) {
        return DecoderKernel.script().call("multiply", x, List.of(value), scale);
    }

    private NDArray tokens(int rows, int count) {
        int[] ids = new Random(2).ints((long) rows * count, 0, VOCABULARY).toArray();
        return manager.create(ids, new Shape(rows, count)).toType(DataType.INT64, false);
    }

    private static NDArray columns(NDArray array, int... piece) {
        return array.get(":, %d:%d".formatted(piece[0], piece[1]));
    }

    private static double norm(NDArray array) {
        return Math.sqrt(array.square().sum().getFloat());
    }
}
