package org.djlgpt.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

class CorpusTest {

    @TempDir private Path folder;

    @Test
    void aFileIsOneDocumentWithoutItsByteOrderMark() throws IOException {
        Path file =
                Files.writeString(folder.resolve("poem.txt"), "\uFEFFna\u00efve \uD83D\uDE00\r\n");

        Corpus corpus = Corpus.read(file);

        assertEquals(List.of("na\u00efve \uD83D\uDE00\r\n"), corpus.documents());
        assertEquals("na\u00efve \uD83D\uDE00\r\n", corpus.text());
    }

    @Test
    void aFolderIsReadInTheOrderOfItsPaths() throws IOException {
        write("b.txt", "second");
        write("a/z.txt", "first\n");
        write("b/a.txt", "third");
        write("c.txt", "");
        write(".hidden", "no");
        write(".git/config", "no");

        Corpus corpus = Corpus.read(folder);

        assertEquals(List.of("first\n", "second", "third"), corpus.documents());
        assertEquals("first\nsecond\nthird", corpus.text());
    }

    @Test
    void aFolderWithAHiddenNameIsReadWhenItIsAskedFor() throws IOException {
        write(".data/a.txt", "text");

        assertEquals("text", Corpus.read(folder.resolve(".data")).text());
    }

    @Test
    void bytesThatAreNotUtf8AreNamedWithTheirOffset() throws IOException {
        Path file =
                Files.write(
                        folder.resolve("latin1.txt"),
                        new byte[] {'c', 'a', 'f', (byte) 0xE9, '\n'});

        String message = rejected(() -> Corpus.read(file));

        assertTrue(message.contains("latin1.txt is not UTF-8 at byte offset 3 (0xE9)"), message);
        assertTrue(rejected(() -> Corpus.read(folder)).contains("latin1.txt"));
        Files.write(file, new byte[] {'a', (byte) 0xC3});
        assertTrue(rejected(() -> Corpus.read(file)).contains("offset 1"));
    }

    @Test
    void whatHoldsNoTextIsRefusedByName() throws IOException {
        Path empty = write("empty.txt", "");

        assertTrue(rejected(() -> Corpus.read(empty)).contains("empty.txt is empty"));
        assertTrue(rejected(() -> Corpus.read(folder)).contains("holds no text"));
        assertTrue(
                rejected(() -> Corpus.read(folder.resolve("none")))
                        .contains("none does not exist"));
        assertTrue(rejected(() -> new Corpus(List.of())).contains("at least 1"));
        assertTrue(rejected(() -> new Corpus(List.of("a", ""))).contains("document 1 is empty"));
    }

    @Test
    void endOfTextSeparatesDocumentsIfTheTokenizerHasIt() {
        Corpus corpus = new Corpus(List.of("Hello, world!", "Hello, I am"));

        assertArrayEquals(
                new int[] {15496, 11, 995, 0, 50256, 15496, 11, 314, 716},
                all(corpus.encode(new Gpt2Tokenizer())));
        CharTokenizer characters = CharTokenizer.fromText(corpus.text());
        assertEquals(
                "Hello, world!\nHello, I am", characters.decode(all(corpus.encode(characters))));
    }

    @Test
    void djlsSourcesComeWithoutTheirLicences() throws IOException {
        Corpus corpus = Corpus.djlSources();

        assertEquals(489, corpus.documents().size());
        for (String document : corpus.documents()) {
            assertFalse(document.contains("Licensed under the Apache License"), document);
            assertTrue(document.startsWith("package ") || document.startsWith("/**"), document);
        }
        assertTrue(corpus.documents().get(0).startsWith("package ai.djl;"));
        assertTrue(corpus.documents().get(0).contains("class Application"));
        assertTrue(corpus.text().contains("public interface Model extends AutoCloseable"));
    }

    @Test
    void onlyAFirstCommentThatIsNotJavadocIsALicence() throws IOException {
        Path archive = folder.resolve("org/djlgpt/text/djl-sources.zip");
        Files.createDirectories(archive.getParent());
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(archive))) {
            add(zip, "ai/djl/a/B.java", "/** Kept. */\npackage ai.djl.a;\n");
            add(zip, "ai/djl/engine.properties", "no");
            add(zip, "ai/djl/Model.java", "/*\n * Licence **/\npackage ai.djl;\n/* kept */\n");
        }
        try (URLClassLoader loader = loaderOf(folder)) {
            assertEquals(
                    List.of("package ai.djl;\n/* kept */\n", "/** Kept. */\npackage ai.djl.a;\n"),
                    DjlSources.read(loader));
        }
    }

    private static void add(ZipOutputStream zip, String name, String text) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void withoutDjlsSourcesTheRemedyIsNamed() throws IOException {
        try (URLClassLoader loader = loaderOf(folder)) {
            String message =
                    assertThrows(IllegalStateException.class, () -> DjlSources.read(loader))
                            .getMessage();
            assertTrue(message.contains("build with Maven"), message);
        }
    }

    /** A class path in alphabetical order, as of a notebook, would find sources before classes. */
    @Test
    void noJarOfSourcesIsOnTheClassPath() {
        assertNull(Corpus.class.getResource("/ai/djl/Model.java"));
    }

    private static URLClassLoader loaderOf(Path folder) throws IOException {
        return new URLClassLoader(new URL[] {folder.toUri().toURL()}, null);
    }

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private static int[] all(Tokens tokens) {
        int[] ids = new int[(int) tokens.size()];
        tokens.read(0, ids);
        return ids;
    }

    private static String rejected(Executable call) {
        return assertThrows(IllegalArgumentException.class, call).getMessage();
    }
}
