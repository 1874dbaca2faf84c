package org.djlgpt.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.model.GptConfig;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.OnCpu;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

class KernelChoiceTest {

    private static final List<LinearKernel> KERNELS = WeightPrecision.BF16.kernels();

    /** Kernels that take the given times in their first round, and so on. */
    private static KernelChoice race(double[]... rounds) {
        Map<LinearKernel, Deque<Double>> times = new EnumMap<>(LinearKernel.class);
        for (double[] round : rounds) {
            for (int i = 0; i < round.length; i++) {
                times.computeIfAbsent(KERNELS.get(i), kernel -> new ArrayDeque<>()).add(round[i]);
            }
        }
        return KernelTrial.fastest(KERNELS, kernel -> times.get(kernel).remove());
    }

    private static KernelChoice race(double... times) {
        return race(times, times, times, times, times);
    }

    @ParameterizedTest
    @CsvSource({
        "10, 5, 20,     PLAIN",
        "10, 5, 4,      WIDENED",
        "10, 20, 20,    PACKED",
        "10, 9.5, 9.2,  PACKED",
        "10, 8.9, 9.2,  PLAIN",
    })
    void theFastestWinsIfItIsATenthFasterThanTheUsualOne(
            double packed, double plain, double widened, LinearKernel expected) {
        assertEquals(expected, race(packed, plain, widened).kernel());
    }

    @Test
    void whatDisturbsARoundDoesNotCount() {
        double[] quiet = {10, 5, 20};

        assertEquals(
                LinearKernel.PLAIN,
                race(new double[] {1e3, 1e3, 20}, new double[] {10, 1e3, 20}, quiet, quiet, quiet)
                        .kernel());
    }

    @Test
    void theReasonHasTheTimes() {
        assertEquals(
                "plain: ms a matrix (1 token, 1 of 8, 4 of a prompt): packed 10.000, plain 5.000,"
                        + " widened 20.000",
                race(10, 5, 20).toString());
    }

    @Test
    @OnCpu("a GPU has one kernel for each precision, and tries none")
    void aProcessTriesOnce() {
        GptConfig config =
                TinyGpt.size(50, 16).setEmbeddingDim(256).setNumHeads(4).setNumLayers(6).build();
        try (NDManager manager = ComputeDevice.newManager()) {
            long held = HeldArrays.inProcess(manager);

            KernelChoice choice = KernelChoice.of(config, WeightPrecision.INT8, manager);

            assertSame(choice, KernelChoice.of(config, WeightPrecision.INT8, manager));
            assertEquals(held, HeldArrays.inProcess(manager));
        }
    }

    @Test
    void aTrialLeavesTheRandomGeneratorAlone() {
        GptConfig config =
                TinyGpt.size(50, 16).setEmbeddingDim(256).setNumHeads(4).setNumLayers(7).build();
        try (NDManager manager = ComputeDevice.newManager()) {
            Engine.getInstance().setRandomSeed(3);
            NDArray expected = manager.randomUniform(0, 1, new Shape(4));
            Engine.getInstance().setRandomSeed(3);

            KernelChoice.of(config, WeightPrecision.BF16, manager);

            assertEquals(expected, manager.randomUniform(0, 1, new Shape(4)));
        }
    }

    @ParameterizedTest
    @EnumSource(WeightPrecision.class)
    void aSmallModelTakesTheUsualOne(WeightPrecision precision) {
        try (NDManager manager = ComputeDevice.newManager()) {
            KernelChoice choice = KernelChoice.of(TinyGpt.size(50, 16).build(), precision, manager);

            assertEquals(precision.kernels(manager.getDevice()).get(0), choice.kernel());
        }
    }

    @ParameterizedTest
    @EnumSource(WeightPrecision.class)
    void thePropertyInsistsWhereItCan(WeightPrecision precision) {
        GptConfig config = TinyGpt.size(50, 16).build();
        try (NDManager manager = ComputeDevice.newManager()) {
            for (LinearKernel kernel : LinearKernel.values()) {
                System.setProperty(KernelChoice.PROPERTY, KernelChoice.name(kernel));
                boolean known = precision.kernelsOf(manager.getDevice()).contains(kernel);
                KernelChoice choice = KernelChoice.of(config, precision, manager);
                assertEquals(known, choice.equals(new KernelChoice(kernel, "asked for")));
                assertTrue(precision.kernels().contains(choice.kernel()));
            }
            System.setProperty(KernelChoice.PROPERTY, "fast");
            Exception refused =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> KernelChoice.of(config, precision, manager));
            assertTrue(
                    refused.getMessage()
                            .contains("use plain or split or packed or widened or dynamic"));
        } finally {
            System.clearProperty(KernelChoice.PROPERTY);
        }
    }

    @Test
    void whoAsksForWhatDoesNotExistIsTold() {
        Exception refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> KernelChoice.of(LinearKernel.PLAIN, WeightPrecision.INT8));
        assertEquals(
                "kernel=plain does not know weights in int8; use packed or widened or dynamic",
                refused.getMessage());
    }

    @Test
    void aGpuHasNoOrderOfItsOwnForSixteenBits() {
        KernelChoice packed = KernelChoice.of(LinearKernel.PACKED, WeightPrecision.BF16);
        packed.requireOn(Device.cpu(), WeightPrecision.BF16);
        KernelChoice.of(LinearKernel.PACKED, WeightPrecision.INT4)
                .requireOn(Device.gpu(), WeightPrecision.INT4);

        Exception refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> packed.requireOn(Device.gpu(1), WeightPrecision.BF16));

        assertEquals(
                "kernel=packed is not there for weights in bf16 on gpu1; use plain or widened",
                refused.getMessage());
    }

    @Test
    void aGpuKnowsEveryPrecision() {
        assertTrue(
                Arrays.stream(WeightPrecision.values())
                        .allMatch(precision -> precision.kernels(Device.gpu()).size() == 1));
    }
}
