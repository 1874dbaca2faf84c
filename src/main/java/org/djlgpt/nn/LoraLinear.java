package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.norm.Dropout;
import ai.djl.training.initializer.Initializer;
import ai.djl.training.initializer.UniformInitializer;

import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.Recording;

import java.util.IdentityHashMap;
import java.util.Map;

/**
 * A linear layer with a low-rank adapter, W x + b + scale B A x: (.., inputDim) to (.., outputDim).
 *
 * <pre>
 * x ──┬─ W (frozen) ───────────────────────── + ──▶
 *     └─ dropout ─ A (rank, in) ─ B (out, rank) ─ scale ─┘
 * </pre>
 *
 * <p>W and b are those of another layer, which from then on require no gradient; W may be bfloat16.
 * A is drawn uniformly from ±1/sqrt(inputDim) and B is zero, so that the layer starts as the other
 * one (Hu et al., 2021, section 4.1; the draw is that of the paper's code and of Hugging Face's
 * PEFT). Int8 and 4-bit weights (QLoRA) are not supported: the kernels for them have no gradient
 * for their input.
 */
public final class LoraLinear extends Linear {

    private final LoraConfig config;
    private final Parameter a;
    private final Parameter b;

    /**
     * Puts an adapter on a layer.
     *
     * @param base the layer, whose parameters are shared and frozen
     * @param config what the adapter is like
     * @throws IllegalArgumentException if the rank exceeds a width of the layer
     */
    public LoraLinear(Linear base, LoraConfig config) {
        super(base);
        config.requireRankWithin(inputDim(), outputDim());
        base.freezeParameters(true);
        this.config = config;
        UniformInitializer uniform = new UniformInitializer((float) (1 / Math.sqrt(inputDim())));
        a = addParameter(parameter("loraA", uniform, config.rank(), inputDim()));
        b = addParameter(parameter("loraB", Initializer.ZEROS, outputDim(), config.rank()));
    }

    private static Parameter parameter(String name, Initializer initializer, long... shape) {
        return Parameter.builder()
                .setName(name)
                .setType(Parameter.Type.WEIGHT)
                .optShape(new Shape(shape))
                .optInitializer(new SeededInitializer(initializer))
                .build();
    }

    /**
     * Finds the adapted layers of a block.
     *
     * @param block any block, initialized or not
     * @return its adapted layers, and those of its children, by their frozen weight
     */
    public static Map<Parameter, LoraLinear> byWeight(Block block) {
        Map<Parameter, LoraLinear> layers = new IdentityHashMap<>();
        collect(block, layers);
        return layers;
    }

    private static void collect(Block block, Map<Parameter, LoraLinear> layers) {
        if (block instanceof LoraLinear layer) {
            layers.put(layer.weight(), layer);
        }
        block.getChildren().values().forEach(child -> collect(child, layers));
    }

    /**
     * Returns what the adapter is like.
     *
     * @return the configuration
     */
    public LoraConfig config() {
        return config;
    }

    /**
     * Returns the adapter's first weight.
     *
     * @return the parameter A (rank, inputDim)
     */
    public Parameter loraA() {
        return a;
    }

    /**
     * Returns the adapter's second weight.
     *
     * @return the parameter B (outputDim, rank)
     */
    public Parameter loraB() {
        return b;
    }

    /**
     * Computes the weight of a plain layer that does what this one does without dropout.
     *
     * @param manager owns the result
     * @return W + scale B A (outputDim, inputDim), float32 where W is bfloat16
     */
    public NDArray mergedWeight(NDManager manager) {
        try (Recording off = Recording.off();
                NDScope scope = new NDScope()) {
            NDArray product = b.getArray().matMul(a.getArray());
            NDArray scaled = product.mul(Scalar.of(config.scale(), product));
            NDArray merged = BFloat16.widen(weight().getArray()).add(scaled);
            merged.attach(manager);
            NDScope.unregister(merged);
            return merged;
        }
    }

    @Override
    NDArray adapted(NDArray y, NDArray x, Pass pass) {
        float rate = pass.dropout(config.dropout());
        NDArray kept = rate == 0 ? x : Dropout.dropout(x, rate, true).singletonOrThrow();
        return Functional.addLowRank(
                y, kept, pass.value(a, x), pass.value(b, x), config.scale()); // (.., outputDim)
    }
}
