package org.djlgpt.torch;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/**
 * Settings of the native libraries that make training faster, to be made before libtorch loads.
 *
 * <ul>
 *   <li>Large arrays lie in large pages, which the system hands out one at a time: the page faults
 *       of fresh memory can otherwise take a good part of a step.
 *   <li>A thread that waits for others spins for about 50 microseconds instead of milliseconds
 *       before it sleeps. Where other programs want the cores too, spinning makes small operators
 *       many times slower; where they do not, it makes no difference.
 * </ul>
 *
 * <p>Memory that is freed goes back to the system as the C library sees fit: to keep it in the
 * process gains nothing in training, where no array is larger than a few percent of the whole, and
 * lets the process grow with every step.
 *
 * <p>They are made on Linux with the GNU C library only; elsewhere nothing happens. Environment
 * variables that the user has set are left alone. Give the JVM {@code
 * -Ddjlgpt.nativeSettings=false} to leave everything as it is.
 */
public final class NativeSettings {

    private static final String PROPERTY = "djlgpt.nativeSettings";

    private static final String SPIN_COUNT = "10000";

    private static String state;

    private NativeSettings() {}

    /**
     * Makes the settings, once. Call it before the first use of DJL: libtorch reads them when it is
     * loaded.
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
            setDefault(c, "THP_MEM_ALLOC_ENABLE", "1");
            if (!patient) {
                setDefault(c, "GOMP_SPINCOUNT", SPIN_COUNT);
            }
            return "large pages for large arrays; waiting threads sleep soon";
        } catch (UnsatisfiedLinkError e) {
            return "default, this is not the GNU C library";
        }
    }

    private static void setDefault(NativeLibrary c, String name, String value) {
        int keep = 0;
        c.getFunction("setenv").invokeInt(new Object[] {name, value, keep});
    }
}
