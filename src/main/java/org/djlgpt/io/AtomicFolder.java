package org.djlgpt.io;

import static java.util.stream.Collectors.toSet;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Replaces several files of a folder together: after {@link #settle} all are old or all are new,
 * also when the process that wrote them was killed.
 *
 * <p>The new files are made in a hidden folder of the folder. Giving that the name {@code .written}
 * is the step that replaces the old ones; what remains is to move files, and whoever comes next
 * does that if the writer could not. A program that does not know {@code .written} finds old files
 * or new ones, or in the moment in between finds that some are missing, but never a mixture.
 */
public final class AtomicFolder {

    private static final String UNFINISHED = ".writing-";
    private static final String WRITTEN = ".written";
    private static final String LOCK = ".lock";

    /** Ends the name of an empty file that says that the file before the ending is to go. */
    private static final String DELETED = ".deleted";

    private AtomicFolder() {}

    /** What goes into the folder. */
    @FunctionalInterface
    public interface Content {

        /**
         * Writes all files.
         *
         * @param folder an empty folder, to be filled with files only
         * @throws IOException if writing fails
         */
        void writeTo(Path folder) throws IOException;
    }

    /**
     * Replaces files. If the content can't be written, whatever the cause, all is as it was.
     *
     * @param folder the folder, created if it is missing
     * @param replaced tells by its name whether a file of the folder belongs to what is replaced,
     *     and is deleted unless the content holds it
     * @param content the new files
     * @throws IOException if the folder can't be written, or another process writes it at the same
     *     time; the message names the folder
     */
    public static void write(Path folder, Predicate<String> replaced, Content content)
            throws IOException {
        List<Path> missing = missing(folder);
        Files.createDirectories(folder);
        settle(folder);
        deleteAbandoned(folder);
        boolean isWritten = false;
        Path writing = Files.createDirectory(folder.resolve(UNFINISHED + UUID.randomUUID()));
        try {
            try (LockedFile lock = LockedFile.create(writing.resolve(LOCK))) {
                content.writeTo(writing);
                leaveChanges(folder, writing, replaced);
            }
            Files.move(writing, folder.resolve(WRITTEN), StandardCopyOption.ATOMIC_MOVE);
            isWritten = true;
        } catch (IOException e) {
            throw new IOException(
                    "%s: not written, what was there is unchanged: %s"
                            .formatted(folder, FileProblem.of(e)),
                    e);
        } finally {
            delete(writing);
            if (!isWritten) {
                deleteEmpty(missing);
            }
        }
        settle(folder);
    }

    /** Returns a folder and those around it that are to be created, the innermost first. */
    private static List<Path> missing(Path folder) {
        List<Path> missing = new ArrayList<>();
        for (Path path = folder.toAbsolutePath();
                path != null && Files.notExists(path);
                path = path.getParent()) {
            missing.add(path);
        }
        return missing;
    }

    private static void deleteEmpty(List<Path> folders) throws IOException {
        for (Path folder : folders) {
            try {
                Files.deleteIfExists(folder);
            } catch (DirectoryNotEmptyException e) {
                return; // another process has written there, too
            }
        }
    }

    /**
     * Finishes what a process that was killed had begun to put in place. Call it before reading the
     * files; nothing happens if there is nothing to do.
     *
     * @param folder the folder; it may be missing
     * @throws IOException if files can't be moved
     */
    public static void settle(Path folder) throws IOException {
        Path written = folder.resolve(WRITTEN);
        if (!isFolder(written)) {
            return;
        }
        for (Path mark : list(written, name -> name.endsWith(DELETED))) {
            String name = mark.getFileName().toString();
            Path target = folder.resolve(name.substring(0, name.length() - DELETED.length()));
            Files.deleteIfExists(target);
            Files.deleteIfExists(mark);
        }
        for (Path file : list(written, name -> !name.equals(LOCK) && !name.endsWith(DELETED))) {
            try {
                Files.move(
                        file, folder.resolve(file.getFileName()), StandardCopyOption.ATOMIC_MOVE);
            } catch (NoSuchFileException e) {
                // another process settles the folder, too
            }
        }
        delete(written);
    }

    /**
     * Takes out what is there already, which in a row of checkpoints is all but one file. That one
     * then takes the place of the old in one step; several come after the old ones are gone.
     */
    private static void leaveChanges(Path folder, Path writing, Predicate<String> replaced)
            throws IOException {
        Set<String> written = names(list(writing, name -> !name.equals(LOCK)));
        for (String name : Set.copyOf(written)) {
            Path present = folder.resolve(name);
            if (Files.isRegularFile(present)
                    && Files.mismatch(writing.resolve(name), present) < 0) {
                Files.delete(writing.resolve(name));
            }
        }
        Set<String> changed = names(list(writing, name -> !name.equals(LOCK)));
        Set<String> old =
                names(list(folder, name -> changed.contains(name) || replaced.test(name)));
        old.removeIf(name -> written.contains(name) && !changed.contains(name));
        if (changed.size() > 1 || !changed.containsAll(old)) {
            for (String name : old) {
                Files.createFile(writing.resolve(name + DELETED));
            }
        }
    }

    private static Set<String> names(List<Path> files) {
        return files.stream().map(file -> file.getFileName().toString()).collect(toSet());
    }

    private static void deleteAbandoned(Path folder) throws IOException {
        for (Path writing : list(folder, name -> name.startsWith(UNFINISHED))) {
            Path lock = writing.resolve(LOCK);
            if (Files.notExists(lock) || LockedFile.isAbandoned(lock)) {
                delete(writing);
            }
        }
    }

    private static void delete(Path flat) throws IOException {
        if (isFolder(flat)) {
            for (Path file : list(flat, name -> true)) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(flat);
        }
    }

    /** A link to a folder elsewhere is none of ours: what it holds must not be moved or deleted. */
    private static boolean isFolder(Path path) {
        return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    }

    private static List<Path> list(Path folder, Predicate<String> names) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> names.test(file.getFileName().toString())).toList();
        } catch (NoSuchFileException e) {
            return List.of(); // another process has been faster
        }
    }
}
