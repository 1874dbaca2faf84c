package org.djlgpt.torch;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/**
 * Settings of the native libraries, to be made before libtorch loads.
 *
 * <p>A thread that waits for others spins for about 50 microseconds instead of milliseconds before
 * it sleeps. Where other programs want the cores too, spinning makes small operators many times
 * slower; where they do not, it makes no difference.
 *
 * <p>Memory is left to the C library and the system. To keep freed memory in the process, or to ask
 * for large pages, helps a training that holds the logits of a whole batch: page faults then take
 * up to half of a step. Ours computes its loss without them ({@link CrossEntropyKernel}), and both
 * settings only cost: GPT-2 124M took a quarter longer for a step with large pages, and grew by 3 %
 * in 60 steps where memory was kept.
 *
 * <p>The setting is made on Linux with the GNU C library only; elsewhere nothing happens.
 * Environment variables that the user has set are left alone. Give the JVM {@code
 * -Ddjlgpt.nativeSettings=false} to leave everything as it is.
 */
public final class NativeSettings {

    private static final String PROPERTY = "djlgpt.nativeSettings";

    private static final String SPIN_COUNT = "10000";

    private static String state;

    private NativeSettings() {}

    /**
     * Makes the setting, once. Call it before the first use of DJL: libtorch reads it when it is
     * loaded.
     */
    public static synchronized void apply() {
        if (state == null) {
            state = configure();
        }
    }

    /**
     * Describes the setting for a report.
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
            if (!patient) {
                setDefault(c, "GOMP_SPINCOUNT", SPIN_COUNT);
            }
            return "waiting threads sleep soon";
        } catch (UnsatisfiedLinkError e) {
            return "default, this is not the GNU C library";
        }
    }

    private static void setDefault(NativeLibrary c, String name, String value) {
        int keep = 0;
        c.getFunction("setenv").invokeInt(new Object[] {name, value, keep});
    }
}
