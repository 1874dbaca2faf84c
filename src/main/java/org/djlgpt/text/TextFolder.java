package org.djlgpt.text;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.PatternSyntaxException;

/**
 * The files of a folder and its folders, in one order everywhere: that of their paths below the
 * folder. Those with a name that starts with a dot in this path are left out, and so are links that
 * lead out of the folder, or to another folder in it.
 */
final class TextFolder {

    private final Path root;
    private final List<PathMatcher> included = new ArrayList<>();
    private final List<PathMatcher> excluded = new ArrayList<>();

    /** By their paths below the folder, as they are sorted. */
    private final SortedMap<String, Path> files = new TreeMap<>(Comparator.naturalOrder());

    private final List<Corpus.LeftOut> leftOut = new ArrayList<>();

    /**
     * Looks for files.
     *
     * @param folder a folder, of the default file system or of a zip file, or a link to one
     * @param include globs of what is looked for, none for all
     * @param exclude globs of what is not
     * @throws IllegalArgumentException if one is no glob
     */
    TextFolder(Path folder, Collection<String> include, Collection<String> exclude)
            throws IOException {
        root = folder.toRealPath();
        include.forEach(glob -> included.addAll(matchers(glob)));
        exclude.forEach(glob -> excluded.addAll(matchers(glob)));
        Files.walkFileTree(root, new Visitor());
    }

    List<Path> files() {
        return List.copyOf(files.values());
    }

    /** Returns what may have been meant, but can't be read or leads elsewhere. */
    List<Corpus.LeftOut> leftOut() {
        return leftOut;
    }

    /** A glob without a folder is about names, and one that begins with any folders about none. */
    private List<PathMatcher> matchers(String glob) {
        FileSystem system = root.getFileSystem();
        List<String> globs =
                glob.contains("/")
                        ? List.of(glob, glob.replaceFirst("^\\*\\*/", ""))
                        : List.of(glob, "**/" + glob);
        try {
            return globs.stream().map(one -> system.getPathMatcher("glob:" + one)).toList();
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "\"%s\" is no glob (%s); give one such as *.txt"
                            .formatted(glob, e.getDescription()),
                    e);
        }
    }

    private boolean isWanted(Path below) {
        return (included.isEmpty() || included.stream().anyMatch(glob -> glob.matches(below)))
                && excluded.stream().noneMatch(glob -> glob.matches(below));
    }

    /** Goes on whatever it meets. */
    private final class Visitor extends SimpleFileVisitor<Path> {

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return !folder.equals(root) && isHidden(folder)
                    ? FileVisitResult.SKIP_SUBTREE
                    : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            Path below = root.relativize(file);
            if (!isHidden(file) && isWanted(below)) {
                if (attributes.isSymbolicLink() && !staysInside(file)) {
                    leftOut.add(new Corpus.LeftOut(file, "is a link that leads elsewhere"));
                } else if (Files.isRegularFile(file)) {
                    String separator = root.getFileSystem().getSeparator();
                    files.put(below.toString().replace(separator, "/"), file);
                }
            }
            return FileVisitResult.CONTINUE;
        }

        private boolean staysInside(Path link) {
            try {
                return Files.isRegularFile(link) && link.toRealPath().startsWith(root);
            } catch (IOException e) {
                return false;
            }
        }

        @Override
        public FileVisitResult visitFileFailed(Path path, IOException failure) {
            leftOut.add(new Corpus.LeftOut(path, "can't be read"));
            return FileVisitResult.CONTINUE;
        }

        private static boolean isHidden(Path path) {
            return path.getFileName().toString().startsWith(".");
        }
    }
}
