package org.djlgpt.text;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** Reads DJL's own sources from the archive that the build has put among the resources. */
final class DjlSources {

    private static final String ARCHIVE = "org/djlgpt/text/djl-sources.zip";

    private DjlSources() {}

    /**
     * Returns the sources that a class loader sees, sorted by path, without their licences.
     *
     * @throws IllegalStateException if it sees none
     */
    static List<String> read(ClassLoader loader) throws IOException {
        try (InputStream archive = loader.getResourceAsStream(ARCHIVE)) {
            if (archive == null) {
                throw new IllegalStateException(
                        "DJL's sources are not on the class path (no "
                                + ARCHIVE
                                + "); build with Maven, which puts them there, or give a text of"
                                + " your own");
            }
            return read(new ZipInputStream(archive));
        }
    }

    private static List<String> read(ZipInputStream archive) throws IOException {
        SortedMap<String, String> sources = new TreeMap<>();
        ZipEntry file = archive.getNextEntry();
        while (file != null) {
            String name = file.getName();
            if (name.endsWith(".java")) {
                String source = TextFile.decode(archive.readAllBytes(), name);
                sources.put(name, withoutLicence(source));
            }
            file = archive.getNextEntry();
        }
        return List.copyOf(sources.values());
    }

    /** Drops a comment at the very start, unless it is Javadoc. */
    private static String withoutLicence(String source) {
        int end = source.indexOf("*/", 2);
        boolean licensed = source.startsWith("/*") && !source.startsWith("/**") && end > 0;
        return licensed ? source.substring(end + 2).stripLeading() : source;
    }
}
