package org.djlgpt.text;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Finds DJL's own sources on the class path, in a jar or in a folder. */
final class DjlSources {

    private static final String LANDMARK = "ai/djl/Model.java";

    private DjlSources() {}

    /**
     * Returns the sources that a class loader sees, sorted by path, without their licences.
     *
     * @throws IllegalStateException if it sees none
     */
    static List<String> read(ClassLoader loader) throws IOException {
        URL landmark = loader.getResource(LANDMARK);
        if (landmark == null) {
            throw new IllegalStateException(
                    "DJL's sources are not on the class path (no "
                            + LANDMARK
                            + "); add ai.djl:api with classifier sources, or give a text of your"
                            + " own");
        }
        if (landmark.openConnection() instanceof JarURLConnection jar) {
            try (FileSystem files = FileSystems.newFileSystem(path(jar.getJarFileURL()))) {
                return read(files.getPath("/" + LANDMARK).getParent());
            }
        }
        return read(path(landmark).getParent());
    }

    private static List<String> read(Path folder) throws IOException {
        List<String> sources = new ArrayList<>();
        for (Path file : new TextFolder(folder, List.of("*.java"), List.of()).files()) {
            sources.add(withoutLicence(TextFile.read(file)));
        }
        return sources;
    }

    /** Drops a comment at the very start, unless it is Javadoc. */
    private static String withoutLicence(String source) {
        int end = source.indexOf("*/", 2);
        boolean licensed = source.startsWith("/*") && !source.startsWith("/**") && end > 0;
        return licensed ? source.substring(end + 2).stripLeading() : source;
    }

    private static Path path(URL url) {
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException e) {
            throw new IllegalStateException(
                    "DJL's sources are at "
                            + url
                            + ", which is neither a folder nor a plain jar file",
                    e);
        }
    }
}
