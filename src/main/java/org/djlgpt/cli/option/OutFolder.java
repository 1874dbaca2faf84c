package org.djlgpt.cli.option;

import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/** Where a command puts a model that it makes of another. */
public final class OutFolder {

    /** What a training leaves to go on from. */
    public static final String CHECKPOINT = "checkpoint.safetensors";

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description =
                    "where the model goes; one that lies there is replaced, unless it is that of a"
                            + " training that could go on")
    private Path path;

    /** For picocli. */
    OutFolder() {}

    /**
     * Returns the folder.
     *
     * @return the folder, which may be missing
     */
    public Path path() {
        return path;
    }

    /**
     * Refuses a folder whose model is not to be replaced: what it is made of, and the model of a
     * training, which would go on with another than lies there.
     *
     * @param sources the folders that it is made of
     * @throws IllegalArgumentException if it is one
     * @throws IOException if it can't be looked at
     */
    public void requireFree(List<Path> sources) throws IOException {
        requireFolder(path);
        for (Path source : sources) {
            if (Files.exists(path) && Files.exists(source) && Files.isSameFile(path, source)) {
                throw new IllegalArgumentException(
                        "--out %s is where the model%s lies; name another folder"
                                .formatted(path, sources.size() > 1 ? " or its adapter" : ""));
            }
        }
        if (Files.exists(path.resolve(CHECKPOINT))) {
            throw new IllegalArgumentException(
                    "--out %s has the %s of a training, which would not go on with this model; name another folder, or delete that file"
                            .formatted(path, CHECKPOINT));
        }
    }

    /**
     * Refuses what is no folder and can't be made one, before work that would be lost.
     *
     * @param out where something is to go
     * @throws IllegalArgumentException if a file is there, or in its way
     */
    public static void requireFolder(Path out) {
        Path there = out.toAbsolutePath();
        while (there != null && !Files.exists(there, LinkOption.NOFOLLOW_LINKS)) {
            there = there.getParent();
        }
        if (there != null && !Files.isDirectory(there)) {
            throw new IllegalArgumentException(
                    "--out %s can't be a folder: %s is %s; name another"
                            .formatted(
                                    out,
                                    there,
                                    Files.exists(there) ? "a file" : "a link that leads nowhere"));
        }
    }
}
