package org.djlgpt.notebooks;

import com.google.gson.JsonArray;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

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
    }

    private static void refresh(Path file) throws IOException, CellFailure {
        Notebook notebook = Notebook.read(file);
        List<CodeCell> cells = notebook.codeCells();
        List<JsonArray> outputs = IJavaProcess.execute(cells);
        for (int i = 0; i < cells.size(); i++) {
            cells.get(i).record(i + 1, outputs.get(i));
        }
        notebook.recordJava(Runtime.version());
        notebook.write(file);
    }
}
