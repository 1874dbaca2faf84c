package org.djlgpt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Every piece of Java in the README compiles, and a whole program runs. */
class ReadmeTest {

    private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    /** What the README's text has introduced where a piece begins. */
    private static final String FRAME =
            """
            import ai.djl.*;
            import ai.djl.inference.*;
            import ai.djl.ndarray.*;
            import ai.djl.nn.*;
            import ai.djl.repository.zoo.*;
            import java.nio.file.*;
            import java.util.*;
            import java.util.stream.*;
            import org.djlgpt.attention.*;
            import org.djlgpt.checkpoint.*;
            import org.djlgpt.decoder.*;
            import org.djlgpt.generation.*;
            import org.djlgpt.model.*;
            import org.djlgpt.plot.*;
            import org.djlgpt.data.*;
            import org.djlgpt.text.*;
            import org.djlgpt.training.*;

            class Piece {
                NDManager manager;
                GptModel model;
                Tokenizer tokenizer;
                MultiHeadAttention attention;
                NDArray x;
                TokenWindows windows;
                TokenWindows heldOut;
                Path file;

                void run() throws Exception {
            %s
                }
            }
            """;

    @TempDir private Path folder;

    @Test
    void itsPiecesCompile() throws IOException {
        for (String piece : pieces(false)) {
            assertEquals("", complaints("Piece", FRAME.formatted(piece)), piece);
        }
    }

    /** Step by step as it stands, but with fewer of them. */
    @Test
    void itsProgramsTrainAndWrite() throws Exception {
        Path texts = Files.createDirectory(folder.resolve("my-texts"));
        Files.writeString(texts.resolve("fox.txt"), "The quick brown fox. ".repeat(100));
        for (String program : pieces(true)) {
            Matcher name = Pattern.compile("public class (\\w+)").matcher(program);
            assertTrue(name.find(), program);
            String shorter = program.replaceAll("optSteps\\(\\d+\\)", "optSteps(3)");

            assertEquals("", complaints(name.group(1), shorter), program);
            String written = run(name.group(1));

            assertTrue(written.strip().length() > 10, written);
            assertTrue(Files.exists(folder.resolve("my-model/model.safetensors")));
        }
    }

    private static List<String> pieces(boolean whole) throws IOException {
        List<String> pieces =
                JAVA.matcher(Files.readString(Path.of("README.md")))
                        .results()
                        .map((MatchResult piece) -> piece.group(1))
                        .filter(piece -> piece.startsWith("import ") == whole)
                        .toList();
        assertFalse(pieces.isEmpty());
        return pieces;
    }

    private String run(String program) throws Exception {
        Process java =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                                "-cp",
                                folder + File.pathSeparator + path(),
                                program)
                        .directory(folder.toFile())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        String out = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, java.waitFor());
        return out;
    }

    private String complaints(String name, String source) throws IOException {
        Path file = Files.writeString(folder.resolve(name + ".java"), source);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> complaints = new DiagnosticCollector<>();
        try (StandardJavaFileManager files =
                compiler.getStandardFileManager(complaints, null, null)) {
            List<String> options =
                    List.of("-proc:none", "-nowarn", "-d", folder.toString(), "-classpath", path());
            compiler.getTask(null, files, complaints, options, null, files.getJavaFileObjects(file))
                    .call();
        }
        return complaints.getDiagnostics().stream()
                .filter(complaint -> complaint.getKind() == javax.tools.Diagnostic.Kind.ERROR)
                .map(complaint -> complaint.getMessage(null))
                .reduce("", (all, one) -> all + one + "\n");
    }

    /** The class path, also where the test runner hides it in a manifest. */
    private static String path() {
        return System.getProperty(
                "surefire.test.class.path", System.getProperty("java.class.path"));
    }
}
