package org.djlgpt.torch;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/**
 * Keeps the memory of large arrays in the process, instead of giving it back to the operating
 * system at each free and zeroing it afresh at each allocation.
 *
 * <p>The GNU C library maps every large block and unmaps it when it is freed; in training, page
 * faults then take up to half of a step. With the settings made here freed memory is reused, large
 * arrays lie in large pages, and peak memory grows a little. They are made on Linux with the GNU C
 * library only; elsewhere nothing happens. Give the JVM {@code -Ddjlgpt.nativeMemory=false} to
 * leave the C library as it is.
 */
public final class NativeMemory {

    private static final String PROPERTY = "djlgpt.nativeMemory";

    /** Numbers of mallopt's parameters in malloc.h. */
    private static final int TRIM_THRESHOLD = -1;

    private static final int TOP_PAD = -2;
    private static final int MMAP_MAX = -4;
    private static final int ARENA_MAX = -8;

    private static final int NEVER = -1;
    private static final int GROWTH_BYTES = 64 << 20;

    private static String state;

    private NativeMemory() {}

    /**
     * Makes the settings, once. Call it before the first use of DJL: libtorch reads the setting for
     * large pages when it allocates for the first time, the others take effect at any time.
     */
    public static synchronized void keep() {
        if (state == null) {
            state = configure();
        }
    }

    /**
     * Describes the settings for a report.
     *
     * @return one line: what is set, or why nothing is
     */
    public static synchronized String describe() {
        return state == null ? "native memory: default, not configured" : "native memory: " + state;
    }

    private static String configure() {
        if (!Boolean.parseBoolean(System.getProperty(PROPERTY, "true"))) {
            return "default, switched off by -D" + PROPERTY + "=false";
        }
        if (!Platform.isLinux()) {
            return "default, nothing is known to help on this operating system";
        }
        try {
            NativeLibrary c = NativeLibrary.getInstance("c");
            c.getFunction("gnu_get_libc_version");
            Function mallopt = c.getFunction("mallopt");
            boolean accepted = set(mallopt, MMAP_MAX, 0);
            accepted &= set(mallopt, TRIM_THRESHOLD, NEVER);
            accepted &= set(mallopt, TOP_PAD, GROWTH_BYTES);
            accepted &= set(mallopt, ARENA_MAX, 1);
            c.getFunction("setenv").invokeInt(new Object[] {"THP_MEM_ALLOC_ENABLE", "1", 0});
            return accepted
                    ? "kept by the process, in large pages"
                    : "kept in part, the C library refused a setting";
        } catch (UnsatisfiedLinkError e) {
            return "default, this is not the GNU C library";
        }
    }

    private static boolean set(Function mallopt, int parameter, int value) {
        return mallopt.invokeInt(new Object[] {parameter, value}) == 1;
    }
}
