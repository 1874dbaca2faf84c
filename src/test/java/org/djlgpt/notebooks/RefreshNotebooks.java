package org.djlgpt.notebooks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** Executes notebooks and writes their outputs into them, all of a notebook or none. */
public final class RefreshNotebooks {

    private RefreshNotebooks() {}

    /**
     * Runs the command.
     *
     * @param arguments notebooks, or folders of them
     */
    public static void main(String... arguments) throws IOException, CellFailure {
        for (String argument : arguments) {
            for (Path file : Notebook.in(Path.of(argument))) {
                refresh(file);
                System.out.println(file);
            }
        }
        System.exit(0); // whatever threads the cells have left behind
    }

    private static void refresh(Path file) throws IOException, CellFailure {
        Notebook notebook = Notebook.read(file);
        AtomicInteger count = new AtomicInteger();
        notebook.execute((cell, outputs) -> cell.record(count.incrementAndGet(), outputs));
        notebook.write(file);
    }
}
