package org.djlgpt.torch;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/**
 * Settings of the native libraries that make training faster, to be made before libtorch loads.
 *
 * <ul>
 *   <li>The memory of large arrays stays in the process, in large pages. The GNU C library maps
 *       every large block and unmaps it when it is freed; in training, page faults can then take up
 *       to half of a step. Memory grows by a few percent in the first dozens of steps of a large
 *       model.
 *   <li>A thread that waits for others spins for about 50 microseconds instead of milliseconds
 *       before it sleeps. Where other programs want the cores too, spinning makes small operators
 *       many times slower; where they do not, it makes no difference.
 * </ul>
 *
 * <p>They are made on Linux with the GNU C library only; elsewhere nothing happens. Environment
 * variables that the user has set are left alone. Give the JVM {@code
 * -Ddjlgpt.nativeSettings=false} to leave everything as it is.
 */
public final class NativeSettings {

    private static final String PROPERTY = "djlgpt.nativeSettings";

    /** Numbers of mallopt's parameters in malloc.h. */
    private static final int TRIM_THRESHOLD = -1;

    private static final int TOP_PAD = -2;
    private static final int MMAP_MAX = -4;
    private static final int ARENA_MAX = -8;

    private static final int NEVER = -1;
    private static final int GROWTH_BYTES = 64 << 20;

    private static final String SPIN_COUNT = "10000";

    private static String state;

    private NativeSettings() {}

    /**
     * Makes the settings, once. Call it before the first use of DJL: libtorch reads those for large
     * pages and waiting when it is loaded, the others take effect at any time.
     */
    public static synchronized void apply() {
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
        return state == null ? "native settings: default, not made" : "native settings: " + state;
    }

    private static String configure() {
        if (!Boolean.parseBoolean(System.getProperty(PROPERTY, "true"))) {
            return "default, switched off by -D" + PROPERTY + "=false";
        }
        if (!Platform.isLinux()) {
            return "default, nothing is known to help on this operating system";
        }
        // Java copies the environment at its first look; processes that we start get this copy.
        boolean patient = System.getenv("OMP_WAIT_POLICY") != null;
        try {
            NativeLibrary c = NativeLibrary.getInstance("c");
            c.getFunction("gnu_get_libc_version");
            Function mallopt = c.getFunction("mallopt");
            boolean accepted = set(mallopt, MMAP_MAX, 0);
            accepted &= set(mallopt, TRIM_THRESHOLD, NEVER);
            accepted &= set(mallopt, TOP_PAD, GROWTH_BYTES);
            accepted &= set(mallopt, ARENA_MAX, 1);
            setDefault(c, "THP_MEM_ALLOC_ENABLE", "1");
            if (!patient) {
                setDefault(c, "GOMP_SPINCOUNT", SPIN_COUNT);
            }
            return accepted
                    ? "memory stays in the process, in large pages; waiting threads sleep soon"
                    : "made in part, the C library refused one";
        } catch (UnsatisfiedLinkError e) {
            return "default, this is not the GNU C library";
        }
    }

    private static void setDefault(NativeLibrary c, String name, String value) {
        int keep = 0;
        c.getFunction("setenv").invokeInt(new Object[] {name, value, keep});
    }

    private static boolean set(Function mallopt, int parameter, int value) {
        return mallopt.invokeInt(new Object[] {parameter, value}) == 1;
    }
}
