package org.djlgpt.torch;

import ai.djl.pytorch.engine.PtEngineProvider;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/**
 * Settings of the native libraries, made before libtorch loads.
 *
 * <p>A thread that waits for others spins for about 50 microseconds instead of milliseconds before
 * it sleeps. Where other programs want the cores too, spinning makes small operators many times
 * slower; where they do not, it makes no difference.
 *
 * <p>Nobody has to ask for it: DJL looks up the providers of its engines before it starts one, and
 * {@link PyTorchProvider} is among them, whichever class of DJL or of this library a program uses
 * first.
 *
 * <p>Memory is left to the C library, which gives that of a step back to the system, to be cleared
 * and lent anew: a twentieth of a step of GPT-2 124M, or a tenth on a busy machine. To have it kept,
 * all threads must share one arena ({@code MALLOC_ARENA_MAX=1} and two thresholds in the
 * environment); then workers, who allocate side by side, wait for each other for up to a third of
 * their time.
 *
 * <p>The setting is made on Linux with the GNU C library only; elsewhere nothing happens. An
 * environment variable {@code OMP_WAIT_POLICY} or {@code GOMP_SPINCOUNT} that the user has set is
 * left alone. Give the JVM {@code -Ddjlgpt.nativeSettings=false} to leave everything as it is.
 */
public final class NativeSettings {

    private static final String PROPERTY = "djlgpt.nativeSettings";

    private static final String WAIT_POLICY = "OMP_WAIT_POLICY";
    private static final String SPIN_COUNT = "GOMP_SPINCOUNT";
    private static final String SHORT_SPIN = "10000";

    private static String state;

    private NativeSettings() {}

    /**
     * DJL's PyTorch engine, found by the service loader under the name that it has anyway. Of two
     * providers of one name DJL keeps either; both start the same engine, but making this one makes
     * the settings.
     */
    public static final class PyTorchProvider extends PtEngineProvider {

        /** Makes the settings; for the service loader. */
        public PyTorchProvider() {
            apply();
        }
    }

    private static synchronized void apply() {
        if (state == null) {
            try {
                state = configure();
            } catch (RuntimeException | Error e) { // the engine must start all the same
                state = "default, no access to the C library: " + e;
            }
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
        // Java copies the environment at its first look; processes that we start get this copy.
        for (String name : new String[] {WAIT_POLICY, SPIN_COUNT}) {
            if (System.getenv(name) != null) {
                return "%s=%s, from the environment".formatted(name, System.getenv(name));
            }
        }
        return Platform.isLinux()
                ? spinShortly()
                : "default, nothing is known to help on this operating system";
    }

    private static String spinShortly() {
        NativeLibrary c = NativeLibrary.getProcess();
        try {
            c.getFunction("gnu_get_libc_version");
        } catch (UnsatisfiedLinkError e) {
            return "default, this is not the GNU C library";
        }
        int keep = 0;
        c.getFunction("setenv").invokeInt(new Object[] {SPIN_COUNT, SHORT_SPIN, keep});
        return "waiting threads sleep soon";
    }
}
