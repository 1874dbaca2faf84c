package org.djlgpt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A package imports only from packages before it in this list, so that there is no circle. */
class PackageOrderTest {

    private static final List<String> ORDER =
            List.of(
                    "io",
                    "torch",
                    "nn",
                    "attention",
                    "data",
                    "text",
                    "jinja",
                    "tuning",
                    "model",
                    "decoder",
                    "checkpoint",
                    "training",
                    "generation",
                    "plot",
                    "bench",
                    "cli.console",
                    "cli.option",
                    "cli.train",
                    "cli");

    private static final Path ROOT = Path.of("src/main/java/org/djlgpt");
    private static final Pattern IMPORT =
            Pattern.compile(
                    "^import (?:static )?org\\.djlgpt\\.([a-z.]+)\\.[A-Z]", Pattern.MULTILINE);

    @Test
    void noPackageImportsFromOneAboveIt() throws IOException {
        List<String> arrows = new ArrayList<>();
        for (Path source : sources()) {
            String from = name(source.getParent());
            Matcher imported = IMPORT.matcher(Files.readString(source));
            while (imported.find()) {
                if (ORDER.indexOf(imported.group(1)) > ORDER.indexOf(from)) {
                    arrows.add(source + " imports " + imported.group(1));
                }
            }
        }
        assertEquals(List.of(), arrows);
    }

    @Test
    void everyPackageHasItsPlaceAndItsPage() throws IOException {
        for (Path source : sources()) {
            Path folder = source.getParent();
            assertTrue(ORDER.contains(name(folder)), folder::toString);
            assertTrue(Files.exists(folder.resolve("package-info.java")), folder::toString);
        }
    }

    /** Returns the package of a folder, such as "cli.train". */
    private static String name(Path folder) {
        return ROOT.relativize(folder).toString().replace(File.separatorChar, '.');
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }
}
