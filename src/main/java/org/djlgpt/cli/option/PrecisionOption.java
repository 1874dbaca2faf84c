package org.djlgpt.cli.option;

import ai.djl.ndarray.NDManager;

import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.KernelChoice;
import org.djlgpt.decoder.LinearKernel;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;

import picocli.CommandLine.Option;

/** What a model's weights are kept in for writing, and how they are multiplied. */
public final class PrecisionOption {

    @Option(
            names = "--precision",
            paramLabel = "fp32|bf16|fp16|int8|int4",
            defaultValue = "fp32",
            description = "what weights are kept in; fewer bytes are faster (default: fp32)")
    private WeightPrecision precision;

    @Option(
            names = "--kernel",
            paramLabel = "plain|split|packed|widened|dynamic",
            description =
                    "how weights are multiplied: as they are, a row by all threads, in the"
                            + " processor's own order, widened to float32, or int8 ones by whole"
                            + " numbers (default: the fastest in a short trial)")
    private LinearKernel kernel;

    /** For picocli. */
    PrecisionOption() {}

    /**
     * Returns whether the decoder uses the model's own weights.
     *
     * @return whether it does
     */
    public boolean isFloat32() {
        return precision == WeightPrecision.FP32;
    }

    /**
     * Refuses a kernel that does not know the weights, before a model is read.
     *
     * @throws IllegalArgumentException if it does not
     */
    public void check() {
        if (kernel != null) {
            KernelChoice.of(kernel, precision);
        }
    }

    /** Returns what the decoder of a model multiplies with. */
    KernelChoice choice(GptConfig config, NDManager manager) {
        return kernel == null
                ? KernelChoice.of(config, precision, manager)
                : KernelChoice.of(kernel, precision);
    }

    /**
     * Makes a model ready to write.
     *
     * @param model the model
     * @param manager what the weights live in
     * @return the decoder
     */
    public GptDecoder decoder(GptModel model, NDManager manager) {
        return new GptDecoder(model, precision, choice(model.config(), manager), manager);
    }
}
