package org.djlgpt.decoder;

/**
 * How a {@link GptDecoder} multiplies with its weights. Which is fastest depends on the processor
 * more than on anything else, so it is {@link KernelChoice tried}. Results differ by roundings.
 */
public enum LinearKernel {
    /** The engine's own product with the numbers of a weight in their order. */
    PLAIN,

    /**
     * Products of up to four rows of float32 whose outputs are shared out to all threads, oneDNN's
     * of up to eight, and plain ones of more: some processors multiply few rows on one thread.
     */
    SPLIT,

    /**
     * A product with numbers in the order in which the processor reads them fastest: oneDNN's for
     * 16 bits, libtorch's with 8 and 4 bits. A GPU has none for 16 bits, and widens 8 and 4 bits to
     * bfloat16 for each product: that saves memory, not time.
     */
    PACKED,

    /**
     * Products in float32 with weights that are widened part by part; only the fewest rows are
     * multiplied with narrow numbers. This is for processors that do not multiply these.
     */
    WIDENED,

    /**
     * Products of whole numbers: what comes into a layer is rounded to 16 bits, each token by
     * itself, and its bytes are multiplied as two rows. This is for processors with instructions
     * for it, and fastest where several tokens are computed side by side.
     */
    DYNAMIC
}
