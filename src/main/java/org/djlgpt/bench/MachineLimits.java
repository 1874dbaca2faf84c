package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.Kernels;
import org.djlgpt.torch.Recording;

import java.util.List;
import java.util.function.Supplier;

/** What the machine can do at most: matrix products in both types, and reading memory. */
record MachineLimits() implements Workload {

    static final String FLOAT32 = "float32 product";
    static final String BFLOAT16 = "bfloat16 product";
    static final String READ = "memory read";

    /** Operations of one product. */
    static final double PRODUCT_FLOP = 2 * Math.pow(2048, 3);

    /** Bytes of one read, by the dot product of an array with itself; far more than caches hold. */
    static final double READ_BYTES = 512 << 20;

    @Override
    public List<Phase> prepare(NDManager manager) {
        Shape square = new Shape(2048, 2048);
        NDArray x = manager.randomNormal(square);
        NDArray w = manager.randomNormal(square);
        NDArray narrowX = BFloat16.from(x);
        NDArray narrowW = BFloat16.from(w);
        NDArray large = manager.ones(new Shape((long) READ_BYTES / Float.BYTES));
        Phase wide = phase(FLOAT32, () -> Kernels.linear(x, w, null));
        Phase narrow = phase(BFLOAT16, () -> Kernels.linear(narrowX, narrowW, null));
        Phase read = phase(READ, () -> large.dot(large));
        return BFloat16.isFastOn(x.getDevice()) ? List.of(wide, narrow, read) : List.of(wide, read);
    }

    private static Phase phase(String name, Supplier<NDArray> operator) {
        return new Phase(
                name,
                () -> {
                    try (Recording off = Recording.off();
                            NDScope scope = new NDScope()) {
                        operator.get();
                    }
                });
    }
}
