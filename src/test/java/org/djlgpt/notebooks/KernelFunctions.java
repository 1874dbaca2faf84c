package org.djlgpt.notebooks;

import java.io.File;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The functions that IJava and JJava give to every cell, with outputs collected instead of sent to
 * a browser. JShell's classes call them, hence public and static.
 */
public final class KernelFunctions {

    /** The property that lists what {@link #lineMagic} loads. */
    static final String LIBRARY = "notebook.library";

    private static CellOutputs outputs;
    private static Consumer<String> classPath;

    private KernelFunctions() {}

    /** Sends what cells show from now on to {@code outputs}. */
    static void showIn(CellOutputs outputs) {
        KernelFunctions.outputs = outputs;
    }

    /** Lets {@link #lineMagic} load by this from now on. */
    static void loadBy(Consumer<String> classPath) {
        KernelFunctions.classPath = classPath;
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

    /** Puts the library on the class path, under whatever name the first cell asks for it. */
    public static void lineMagic(String name, List<String> arguments) {
        Stream.of(System.getProperty(LIBRARY, "").split(File.pathSeparator))
                .filter(entry -> !entry.isEmpty())
                .forEach(classPath);
    }

    /** Shows the value of a cell's last expression. */
    public static void showResult(Object value) {
        if (value != null) {
            outputs.result(MimeBundle.of(value));
        }
    }
}
