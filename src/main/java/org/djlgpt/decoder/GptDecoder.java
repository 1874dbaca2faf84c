package org.djlgpt.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.Checks;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.FusedLoss;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.TensorBlock;
import org.djlgpt.torch.FloatType;
import org.djlgpt.torch.Kernels;

import java.util.stream.LongStream;

/**
 * A {@link GptModel} made ready to write text: weights in a chosen precision, a cache of what it
 * has seen, and all layers in one call. It computes what the model computes without dropout.
 *
 * <pre>{@code
 * try (GptDecoder decoder = new GptDecoder(model, WeightPrecision.BF16, manager);
 *         GptCache cache = decoder.newCache(manager, 1)) {
 *     NDArray logits = decoder.next(prompt, cache); // (1, V), after all tokens of the prompt
 *     logits = decoder.next(token, cache); // (1, V), after one more
 * }
 * }</pre>
 *
 * <p>In float32 it uses the model's own parameters, and follows them when they are trained, except
 * that an adapter is {@link Lora#merge merged} as it is now; in the other precisions it copies
 * them, and the model may be closed. Any number of threads may use a decoder at once, each with a
 * cache of its own.
 *
 * <p>It is also a block, token ids (B, T) to logits (B, T, vocabSize), so that a lesser precision
 * can be evaluated. As such it has no parameters and can't be trained. As a block that takes and
 * gives keys and values it is a {@link StatelessDecoder}.
 */
public final class GptDecoder extends TensorBlock implements FusedLoss, AutoCloseable {

    private final GptConfig config;
    private final WeightPrecision precision;
    private final KernelChoice choice;
    private final NDManager manager;
    private final DecoderKernel kernel;

    /**
     * Makes a decoder that multiplies with the {@link KernelChoice fastest} kernel of the device.
     *
     * @param model an initialized model in float32, of the PyTorch engine; it may have an adapter
     * @param precision what to keep the weights in
     * @param parent a manager on the device of the model; closing it closes the decoder
     * @throws IllegalArgumentException if the model is of another engine or type
     */
    public GptDecoder(GptModel model, WeightPrecision precision, NDManager parent) {
        this(model, precision, KernelChoice.of(model.config(), precision, parent), parent);
    }

    /**
     * Makes a decoder that multiplies in a certain way.
     *
     * @param model as for the other
     * @param precision as for the other
     * @param choice what to multiply with; one for the precision
     * @param parent as for the other
     * @throws IllegalArgumentException if the model is of another engine or type, or its device has
     *     no such kernel
     */
    public GptDecoder(
            GptModel model, WeightPrecision precision, KernelChoice choice, NDManager parent) {
        NDArray embedding = model.tokenEmbedding().weight().getArray();
        if (!Kernels.supports(embedding)) {
            throw new IllegalArgumentException(
                    "a decoder needs a FLOAT32 model of the PyTorch engine, but this one is %s on %s"
                            .formatted(
                                    embedding.getDataType(),
                                    embedding.getManager().getEngine().getEngineName()));
        }
        choice.requireOn(embedding.getDevice(), precision);
        config = model.config();
        this.precision = precision;
        this.choice = choice;
        manager = parent.newSubManager();
        NDManager merging = precision == WeightPrecision.FP32 ? manager : manager.newSubManager();
        kernel = DecoderKernel.of(Lora.merge(model, merging), precision, choice.kernel(), manager);
        if (merging != manager) {
            merging.close();
        }
    }

    /**
     * Returns the sizes.
     *
     * @return the model's configuration
     */
    public GptConfig config() {
        return config;
    }

    /**
     * Returns what the weights are kept in.
     *
     * @return the precision
     */
    public WeightPrecision precision() {
        return precision;
    }

    /**
     * Returns how products are computed, and why so.
     *
     * @return what was chosen or asked for
     */
    public KernelChoice kernelChoice() {
        return choice;
    }

    /**
     * Makes an empty cache with room for the model's context.
     *
     * @param parent a manager on the device of the model; closing it closes the cache
     * @param batchSize the number of sequences B, at least 1
     * @return a cache of float32 numbers beside float32 and float16 weights; beside others of
     *     bfloat16, unless the processor attends to float32 faster; on a GPU of what the decoder
     *     computes in
     */
    public GptCache newCache(NDManager parent, int batchSize) {
        return newCache(parent, batchSize, config.contextLength());
    }

    private GptCache newCache(NDManager parent, long batchSize, long length) {
        Shape shape = new Shape(batchSize, config.numKeyValueHeads(), length, config.headDim());
        FloatType type = precision.cachesIn(choice.kernel(), parent.getDevice());
        return new GptCache(parent, config.numLayers(), shape, type);
    }

    /**
     * Scores the token that follows.
     *
     * @param tokens the token ids (B, T) that follow those in the cache, INT32 or INT64
     * @param cache what {@link #newCache} made for B sequences; takes the tokens
     * @return logits (B, V) of the token after the last one, float32, owned by the manager of
     *     {@code tokens}
     * @throws IllegalArgumentException if the shape or the type is wrong, an id is outside the
     *     vocabulary, or the cache has no room for T more
     */
    public NDArray next(NDArray tokens, GptCache cache) {
        return scoped(() -> logits(1, tokens, cache).squeeze(1), tokens); // (B, V)
    }

    /**
     * Scores what follows each of the last tokens, as a guess of several is checked in one pass.
     *
     * @param count how many of the last tokens, from 1 to T
     * @param tokens as for {@link #next}
     * @param cache as for {@link #next}
     * @return logits (B, count, V) of the token after each, float32, owned by the manager of {@code
     *     tokens}
     * @throws IllegalArgumentException as {@link #next}, or if {@code count} lies outside
     */
    public NDArray nextOfLast(int count, NDArray tokens, GptCache cache) {
        requireShape(tokens.getShape());
        if (count < 1 || count > tokens.getShape().get(1)) {
            throw new IllegalArgumentException(
                    "count=%d must lie in 1 to %d, the number of tokens"
                            .formatted(count, tokens.getShape().get(1)));
        }
        return scoped(() -> logits(count, tokens, cache), tokens); // (B, count, V)
    }

    DecoderKernel kernel() {
        return kernel;
    }

    private NDArray logits(int count, NDArray tokens, GptCache cache) {
        requireType(tokens.getDataType());
        requireShape(tokens.getShape());
        Checks.requireKnownTokens(tokens, config.vocabSize());
        int length = (int) tokens.getShape().get(1);
        cache.reserve(length);
        NDArray logits =
                kernel.logits(
                        tokens.toType(DataType.INT64, false),
                        cache.length(),
                        cache.padding(),
                        count,
                        cache.keysAndValues()); // (B, count, V)
        cache.advance(length);
        return logits;
    }

    @Override
    protected NDArray forward(NDArray tokens, Pass pass) {
        Shape shape = tokens.getShape();
        try (GptCache cache = newCache(manager, shape.get(0), shape.get(1))) {
            return logits((int) shape.get(1), tokens, cache); // (B, T, V)
        }
    }

    @Override
    public NDArray loss(NDArray tokens, NDArray targets, Pass pass) {
        return scoped(() -> meanOfRows(tokens, targets, pass), tokens);
    }

    /** The logits of one sequence at a time are in memory. */
    private NDArray meanOfRows(NDArray tokens, NDArray targets, Pass pass) {
        NDArray counts = targets.neq(CrossEntropy.IGNORED).sum(new int[] {1}); // (B)
        long[] counted = counts.toLongArray();
        NDArray sum = tokens.getManager().zeros(new Shape());
        for (int row = 0; row < counted.length; row++) {
            String one = row + ":" + (row + 1);
            float count = counted[row];
            if (count > 0) {
                NDArray mean =
                        scoped(() -> rowLoss(tokens.get(one), targets.get(one), pass), tokens);
                sum.addi(mean.mul(count));
            }
        }
        return sum.div(LongStream.of(counted).sum());
    }

    private NDArray rowLoss(NDArray tokens, NDArray targets, Pass pass) {
        return CrossEntropy.mean(pass.through(tokens, this), targets);
    }

    @Override
    protected void requireType(DataType type) {
        Checks.requireTokenIds(name(), type);
    }

    @Override
    protected void requireShape(Shape tokens) {
        Checks.requireRank(name(), tokens, "token ids (B, T)", 2, 2);
        Checks.requireContext(tokens.get(1), config.contextLength());
    }

    @Override
    protected Shape outputShape(Shape tokens) {
        return tokens.add(config.vocabSize());
    }

    /** Frees what was converted; the model stays open. */
    @Override
    public void close() {
        manager.close();
    }
}
