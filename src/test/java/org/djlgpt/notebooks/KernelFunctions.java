package org.djlgpt.notebooks;

import java.util.List;
import java.util.UUID;

/**
 * The functions that IJava and JJava give to every cell, with outputs collected instead of sent to
 * a browser. JShell's classes call them, hence public and static.
 */
public final class KernelFunctions {

    private static CellOutputs outputs;

    private KernelFunctions() {}

    /** Sends what cells show from now on to {@code outputs}. */
    static void showIn(CellOutputs outputs) {
        KernelFunctions.outputs = outputs;
    }

    /** Shows a value; returns the id for {@link #updateDisplay}. */
    public static String display(Object value) {
        String id = UUID.randomUUID().toString();
        outputs.display(id, MimeBundle.of(value));
        return id;
    }

    /** Shows a text of the given type. */
    public static String display(Object value, String type) {
        return display(render(value, type));
    }

    /** Shows another value in the place of one that {@link #display} showed. */
    public static void updateDisplay(String id, Object value) {
        outputs.update(id, MimeBundle.of(value));
    }

    /** Turns a text into something that shows as the given type. */
    public static MimeBundle render(Object value, String type) {
        return MimeBundle.of(value, type);
    }

    /** Does nothing: what the first cell would load is on the class path. */
    public static void lineMagic(String name, List<String> arguments) {}

    /** Shows the value of a cell's last expression. */
    public static void showResult(Object value) {
        if (value != null) {
            outputs.result(MimeBundle.of(value));
        }
    }
}
