package org.djlgpt.decoder;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;

import org.djlgpt.model.GptConfig;
import org.djlgpt.nn.IllegalParameterException;
import org.djlgpt.torch.ComputeDevice;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which {@link LinearKernel} a {@link GptDecoder} multiplies with, and why. Where a device knows
 * several for a precision, they are tried for a fraction of a second on a matrix of the model's
 * size: one row, as when a token is written, some, as for a batch, and many, as for a prompt. The
 * usual one is taken unless another is at least a tenth faster. The process remembers the choice,
 * so decoders of one size compute the same.
 *
 * <p>The system property {@value #PROPERTY}, {@code plain} for instance, insists on one for all
 * weights that have it on the device.
 *
 * @param kernel the kernel
 * @param reason one phrase, with times if it was tried
 */
public record KernelChoice(LinearKernel kernel, String reason) {

    /** The system property with the name of a kernel to insist on. */
    public static final String PROPERTY = "djlgpt.kernel";

    /** Parameters of a model whose steps are so short that a trial tells nothing. */
    private static final long SMALL = 4_000_000;

    private static final Map<Situation, KernelChoice> MADE = new ConcurrentHashMap<>();

    /** All that a trial depends on. */
    private record Situation(
            WeightPrecision precision, Device device, int in, int out, int layers) {}

    /**
     * Chooses for a model.
     *
     * @param config the sizes of the model
     * @param precision what its weights are kept in
     * @param manager says on which device; nothing is left in it
     * @return the choice, the same for as long as the process lives
     * @throws IllegalArgumentException if the system property names no kernel
     */
    public static KernelChoice of(GptConfig config, WeightPrecision precision, NDManager manager) {
        String asked = System.getProperty(PROPERTY);
        if (asked != null && precision.kernelsOf(manager.getDevice()).contains(named(asked))) {
            return of(named(asked), precision);
        }
        List<LinearKernel> candidates = precision.kernels(manager.getDevice());
        if (candidates.size() == 1) {
            return new KernelChoice(candidates.get(0), "the only one for these weights here");
        }
        if (config.parameterCount() < SMALL) {
            return new KernelChoice(candidates.get(0), "the usual one; the model is small");
        }
        Situation situation =
                new Situation(
                        precision,
                        manager.getDevice(),
                        config.embeddingDim(),
                        config.hiddenDim(),
                        config.numLayers());
        return MADE.computeIfAbsent(
                situation, s -> KernelTrial.of(s.in(), s.out(), s.layers(), precision, manager));
    }

    /**
     * Insists on a kernel.
     *
     * @param kernel the kernel
     * @param precision what weights are kept in
     * @return the choice
     * @throws IllegalArgumentException if such weights have no such kernel
     */
    public static KernelChoice of(LinearKernel kernel, WeightPrecision precision) {
        if (!precision.kernels().contains(kernel)) {
            throw new IllegalParameterException(
                    "{kernel}=%s does not know weights in %s; use %s"
                            .formatted(name(kernel), name(precision), names(precision.kernels())));
        }
        return new KernelChoice(kernel, "asked for");
    }

    /**
     * Refuses a kernel that a device does not have.
     *
     * @throws IllegalArgumentException if it is one
     */
    void requireOn(Device device, WeightPrecision precision) {
        List<LinearKernel> there = precision.kernelsOf(device);
        if (!there.contains(kernel)) {
            throw new IllegalParameterException(
                    "{kernel}=%s is not there for weights in %s on %s; use %s"
                            .formatted(
                                    name(kernel),
                                    name(precision),
                                    ComputeDevice.name(device),
                                    names(there)));
        }
    }

    private static LinearKernel named(String asked) {
        List<LinearKernel> all = Arrays.asList(LinearKernel.values());
        return all.stream()
                .filter(kernel -> name(kernel).equals(asked.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "-D%s=%s is unknown; use %s"
                                                .formatted(PROPERTY, asked, names(all))));
    }

    private static String names(List<LinearKernel> kernels) {
        return String.join(" or ", kernels.stream().map(KernelChoice::name).toList());
    }

    static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** Returns the kernel and the reason, for a person. */
    @Override
    public String toString() {
        return "%s: %s".formatted(name(kernel), reason);
    }
}
