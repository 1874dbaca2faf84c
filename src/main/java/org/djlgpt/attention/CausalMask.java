package org.djlgpt.attention;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.Checks;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.TensorBlock;

import java.lang.ref.Cleaner;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Hides the future: scores (.., T, T) to the same with minus infinity above the diagonal, so that
 * the softmax gives no weight to a key that comes after its query (Vaswani et al., 2017, section
 * 3.2.3).
 *
 * <p>One mask (contextLength, contextLength) is kept per device and sliced for shorter sequences.
 * It is made at first use on the device of the scores and freed with the block.
 */
public final class CausalMask extends TensorBlock {

    private static final Cleaner CLEANER = Cleaner.create();

    private final int contextLength;
    private final Masks masks;

    /**
     * Makes the block.
     *
     * @param contextLength the greatest T
     * @throws IllegalArgumentException if {@code contextLength} is below 1
     */
    public CausalMask(int contextLength) {
        this.contextLength = Checks.requirePositive("contextLength", contextLength);
        masks = new Masks(contextLength, new ConcurrentHashMap<>());
        CLEANER.register(this, masks::close);
    }

    @Override
    protected NDArray forward(NDArray scores, Pass pass) {
        long tokens = scores.getShape().get(scores.getShape().dimension() - 1);
        NDArray mask = masks.on(scores.getDevice()).get(":{}, :{}", tokens, tokens); // (T, T)
        return scores.add(mask); // (.., T, T)
    }

    @Override
    protected void requireShape(Shape scores) {
        Checks.requireRank(name(), scores, "(.., T, T)", 2, Integer.MAX_VALUE);
        int rank = scores.dimension();
        Checks.requireLastDimension(name(), scores, "T", scores.get(rank - 2));
        Checks.requireContext(scores.get(rank - 1), contextLength);
    }

    @Override
    protected Shape outputShape(Shape scores) {
        return scores;
    }

    private record Masks(int contextLength, Map<Device, NDArray> byDevice)
            implements AutoCloseable {

        NDArray on(Device device) {
            return byDevice.computeIfAbsent(device, this::mask);
        }

        private NDArray mask(Device device) {
            NDManager owner = NDManager.newBaseManager(device);
            owner.setName("causal mask");
            try (NDManager temporary = owner.newSubManager()) {
                NDArray index = temporary.arange(contextLength); // (T)
                NDArray future = index.gt(index.expandDims(1)); // (T, T), true above the diagonal
                NDArray mask = owner.zeros(future.getShape());
                mask.set(future, Float.NEGATIVE_INFINITY);
                NDScope.unregister(mask);
                return mask;
            }
        }

        @Override
        public void close() {
            byDevice.values().forEach(mask -> mask.getManager().close());
        }
    }
}
