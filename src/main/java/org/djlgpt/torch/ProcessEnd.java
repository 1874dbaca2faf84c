package org.djlgpt.torch;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;

/**
 * The end of a process in which threads still compute.
 *
 * <p>However Java ends, by a signal, {@link System#exit}, {@link Runtime#halt} or a return from
 * {@code main}, it calls C's {@code exit} at last, which destroys libtorch's globals. Java waits
 * 0.3 seconds for threads in native code before that; a backward pass that takes longer finds its
 * operators gone, and the process dies with a crash report and exit code 134. So {@code exit} is
 * cut short: when all shutdown hooks have run, C's {@code _exit} ends the process with the same
 * code, and with it every thread, in whatever it is doing.
 *
 * <p>A shutdown hook of ours that kept threads out of the kernels would do less: it could do
 * nothing for DJL's own operators, would not run at {@code halt}, and would break a hook of the
 * program's that stops a training and waits until it has saved.
 */
final class ProcessEnd {

    private ProcessEnd() {}

    /**
     * Spares libtorch its destruction. Call it once, when libtorch is loaded: C's exit handlers run
     * in the reverse order of their registration, and those of before are left out.
     *
     * <p>Only the GNU C library hands a handler the exit code; with another one nothing happens.
     */
    static void leaveLibrariesLoaded() {
        if (!Platform.isLinux()) {
            return;
        }
        try {
            NativeLibrary c = NativeLibrary.getInstance("c");
            c.getFunction("on_exit").invokeInt(new Object[] {c.getFunction("_exit"), Pointer.NULL});
        } catch (UnsatisfiedLinkError e) {
            // not the GNU C library
        }
    }
}
