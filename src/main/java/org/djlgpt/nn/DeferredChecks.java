package org.djlgpt.nn;

/**
 * A scope in which this thread does not look at token ids that are on a GPU: {@code try
 * (DeferredChecks scope = DeferredChecks.open()) { ... }}.
 *
 * <p>To say which id is outside a vocabulary, it has to be copied to the host, which waits for all
 * that the GPU has been asked to do. That is right for a call of its own and wrong in the middle of
 * a training step, which has better things to wait for. In the scope such an id makes what follows
 * from it NaN, the loss for instance, which every training looks at in the end. A block that is
 * called to be trained opens the scope itself. On a CPU, where looking costs nothing, nothing
 * changes.
 */
public final class DeferredChecks implements AutoCloseable {

    private static final ThreadLocal<DeferredChecks> CURRENT = new ThreadLocal<>();

    private final DeferredChecks before = CURRENT.get();

    private DeferredChecks() {
        CURRENT.set(this);
    }

    /**
     * Opens the scope.
     *
     * @return the scope, to be closed by the same thread
     */
    public static DeferredChecks open() {
        return new DeferredChecks();
    }

    /** Returns whether this thread is in such a scope. */
    static boolean isOpen() {
        return CURRENT.get() != null;
    }

    /** Looks at ids again, unless an outer scope is open. */
    @Override
    public void close() {
        if (before == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(before);
        }
    }
}
