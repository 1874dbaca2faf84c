package org.djlgpt.nn;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;

import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.PlainOperators;

import java.util.function.Supplier;

/**
 * A scope in which linear layers and attention compute in bfloat16, as PyTorch's autocast does:
 * {@code try (Autocast scope = Autocast.bfloat16()) { ... }}.
 *
 * <p>Parameters, gradients, residual additions, norms, softmax and loss stay in float32. A weight
 * is rounded when its layer computes; a block hands float32 to whoever is not of this library, so
 * DJL's own blocks work inside the scope as they do outside. The scope holds for the thread that
 * opened it. The backward pass may run inside or outside (<a
 * href="https://docs.pytorch.org/docs/stable/amp.html">torch.amp</a>).
 *
 * <p>A processor that does {@link BFloat16#isFastOn not multiply bfloat16} is refused, since a step
 * would take many times as long as in float32, and float32 gives other numbers than were asked for.
 * {@code -Ddjlgpt.bfloat16=true} insists.
 */
public final class Autocast implements AutoCloseable {

    private static final ThreadLocal<Boolean> BFLOAT16 = ThreadLocal.withInitial(() -> false);

    private final boolean before = BFLOAT16.get();

    private Autocast(boolean bfloat16) {
        BFLOAT16.set(bfloat16);
    }

    /**
     * Starts computing in bfloat16 on this thread.
     *
     * @return the scope, to be closed by the same thread
     * @throws UnsupportedOperationException if the engine is not PyTorch, or if bfloat16 is not
     *     fast on the {@link ComputeDevice} and nobody insists; the message says how to
     * @throws IllegalArgumentException as {@link ComputeDevice#get}
     */
    public static Autocast bfloat16() {
        String engine = Engine.getInstance().getEngineName();
        if (!engine.equals("PyTorch")) {
            throw new UnsupportedOperationException(
                    "autocast needs the PyTorch engine, but this is %s; compute in float32"
                            .formatted(engine));
        }
        BFloat16.requireFastOn(ComputeDevice.get());
        return new Autocast(true);
    }

    /**
     * Starts computing in float32 on this thread, also inside a scope of {@link #bfloat16()}.
     *
     * @return the scope, to be closed by the same thread
     */
    public static Autocast float32() {
        return new Autocast(false);
    }

    /**
     * Returns what makes another thread compute as this one does now.
     *
     * @return opens a scope on the thread that calls it
     */
    public static Supplier<Autocast> current() {
        boolean bfloat16 = BFLOAT16.get();
        return () -> new Autocast(bfloat16);
    }

    static boolean isBFloat16() {
        return BFLOAT16.get() && !PlainOperators.inUse();
    }

    /**
     * Rounds an array if linear layers and attention compute in bfloat16 on this thread, and widens
     * it if they don't.
     *
     * @param array a float32 or bfloat16 array
     * @return the array in the type that is computed in, itself if it is of that type
     */
    public static NDArray cast(NDArray array) {
        if (!isBFloat16()) {
            return BFloat16.widen(array);
        }
        return BFloat16.is(array) ? array : BFloat16.from(array);
    }

    @Override
    public void close() {
        BFLOAT16.set(before);
    }
}
