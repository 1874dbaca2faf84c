package org.djlgpt.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The files below a folder, of the default file system or of a zip file, in one order everywhere.
 */
final class TextFolder {

    private final Path folder;

    /** Takes a folder, or a symbolic link to one; links to folders below it are not followed. */
    TextFolder(Path folder) throws IOException {
        this.folder = folder.toRealPath();
    }

    /**
     * Returns all regular files without a name that starts with a dot in their path below the
     * folder.
     */
    List<Path> files() throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(path -> Files.isRegularFile(path) && !isHidden(path))
                    .sorted(Comparator.comparing(this::name))
                    .toList();
        }
    }

    private boolean isHidden(Path path) {
        return StreamSupport.stream(folder.relativize(path).spliterator(), false)
                .anyMatch(name -> name.toString().startsWith("."));
    }

    private String name(Path path) {
        return folder.relativize(path).toString().replace(path.getFileSystem().getSeparator(), "/");
    }
}
