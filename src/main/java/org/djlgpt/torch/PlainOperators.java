package org.djlgpt.torch;

/**
 * A scope in which the library's blocks compute with DJL's own operators instead of its kernels:
 * {@code try (PlainOperators scope = new PlainOperators()) { ... }}. Results agree within rounding;
 * speed and memory do not. It is there to compare against. The scope holds for the thread that
 * opened it.
 */
public final class PlainOperators implements AutoCloseable {

    private static final ThreadLocal<Boolean> IN_USE = ThreadLocal.withInitial(() -> false);

    private final boolean before = IN_USE.get();

    /** Leaves the kernels aside on this thread until the scope is closed. */
    public PlainOperators() {
        IN_USE.set(true);
    }

    /**
     * Returns whether this thread is inside such a scope.
     *
     * @return whether kernels are left aside
     */
    public static boolean inUse() {
        return IN_USE.get();
    }

    @Override
    public void close() {
        IN_USE.set(before);
    }
}
