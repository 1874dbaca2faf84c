package org.djlgpt.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.djlgpt.data.Tokens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
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
        assertTrue(rejected(() -> Corpus.read(folder)).contains("holds no text: "), message);
        assertTrue(rejected(() -> Corpus.read(folder)).contains("latin1.txt"));
        Files.write(file, new byte[] {'a', (byte) 0xC3});
        assertTrue(rejected(() -> Corpus.read(file)).contains("offset 1"));
    }

    @Test
    void aFolderGoesOnPastWhatIsNoText() throws IOException {
        write("a.txt", "first");
        Files.write(folder.resolve("b.png"), new byte[] {(byte) 0x89, 'P', 'N', 'G'});
        Files.write(folder.resolve("c.gz"), new byte[] {0x1F, (byte) 0x8B, 8, 0});
        // the bad byte comes after much that is text
        byte[] late = new byte[3 * TextParts.PART_BYTES];
        Arrays.fill(late, (byte) 'x');
        late[late.length - 1] = (byte) 0xE9;
        Files.write(folder.resolve("d.txt"), late);
        Files.write(folder.resolve("e.bin"), filled(3 << 20, 0x80));
        Files.write(folder.resolve("f.bin"), filled(3 << 20, 0xFF));
        write("z.txt", "last");

        Corpus corpus = Corpus.read(folder);

        assertEquals(List.of("first", "last"), corpus.documents());
        assertEquals(9, corpus.bytes());
        assertEquals(
                List.of(
                        "b.png is not UTF-8 at byte offset 0 (0x89)",
                        "c.gz is no whole gzip file",
                        "d.txt is not UTF-8 at byte offset 3145727 (0xE9)",
                        "e.bin is not UTF-8 at byte offset 0 (0x80)",
                        "f.bin is not UTF-8 at byte offset 0 (0xFF)"),
                corpus.leftOut().stream()
                        .map(file -> file.file().getFileName() + " " + file.reason())
                        .toList());
        assertNull(corpus.characters().get((int) 'x'));
        String strict = rejected(() -> Corpus.builder().addPath(folder).optStrict(true).build());
        assertTrue(strict.contains("b.png is not UTF-8"), strict);
        assertTrue(strict.contains("and 4 more"), strict);
    }

    private static byte[] filled(int size, int value) {
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    void globsChooseTheFilesOfAFolder() throws IOException {
        write("a.txt", "a");
        write("b/c.txt", "c");
        write("b/d.md", "d");
        write("e/b/f.txt", "f");

        assertEquals(List.of("a", "c", "f"), chosen(List.of("*.txt"), List.of()));
        assertEquals(List.of("a", "c", "f"), chosen(List.of("**/*.txt"), List.of()));
        assertEquals(List.of("c", "d"), chosen(List.of("b/**"), List.of()));
        assertEquals(List.of("a", "d"), chosen(List.of(), List.of("b/*.txt", "f.*")));
        assertEquals(List.of("a", "d"), chosen(List.of("a*", "*.md"), List.of("c*")));
        assertTrue(
                rejected(() -> chosen(List.of("*.java"), List.of())).contains("give other globs"));
        assertTrue(rejected(() -> chosen(List.of("["), List.of())).contains("\"[\" is no glob"));
    }

    private List<String> chosen(List<String> include, List<String> exclude) throws IOException {
        return Corpus.builder()
                .addPath(folder)
                .optInclude(include)
                .optExclude(exclude)
                .build()
                .documents();
    }

    @Test
    void linksThatLeadOutOfAFolderAreNotFollowed() throws IOException {
        Path secret = write("elsewhere/secret.txt", "secret");
        write("texts/a.txt", "a");
        link("texts/inside", folder.resolve("texts/a.txt"));
        link("texts/out", secret);
        link("texts/folder", secret.getParent());
        link("texts/nowhere", folder.resolve("nowhere"));
        link("linked", folder.resolve("texts"));

        for (String name : List.of("texts", "linked")) {
            Corpus corpus = Corpus.read(folder.resolve(name));

            assertEquals(List.of("a", "a"), corpus.documents());
            assertEquals(
                    Set.of("out", "folder", "nowhere"),
                    corpus.leftOut().stream()
                            .map(file -> file.file().getFileName().toString())
                            .collect(Collectors.toSet()));
        }
    }

    private void link(String name, Path target) throws IOException {
        try {
            Files.createSymbolicLink(folder.resolve(name), target);
        } catch (UnsupportedOperationException | FileSystemException e) {
            assumeTrue(false, "this system makes no links");
        }
    }

    @Test
    void severalPathsFollowOneAnother() throws IOException {
        write("texts/a.txt", "a");
        write("texts/b.txt", "b");
        Path last = write("0.txt", "last");

        Corpus corpus =
                Corpus.builder()
                        .addPath(last)
                        .addPath(folder.resolve("texts"))
                        .addPath(last)
                        .build();

        assertEquals(List.of("last", "a", "b", "last"), corpus.documents());
    }

    @Test
    void whatAFileIsTakenForFollowsFromItsName() throws IOException {
        write("a.txt", "plain\n");
        write("b.csv", "x,y\n");
        write(
                "c.JSONL",
                "{\"text\": \"one\", \"id\": 1}\r\n\n  \n{\"text\": \"\\u00e9\"}\n{\"text\":\"\"}");
        pack("d.txt.gz", "packed \uD83D\uDE00");
        pack("e.jsonl.gz", "{\"text\": \"three\"}");

        Corpus corpus = Corpus.read(folder);

        assertEquals(
                List.of("plain\n", "x,y\n", "one", "\u00e9", "packed \uD83D\uDE00", "three"),
                corpus.documents());
        assertEquals(
                Map.of(
                        "plain text", 1,
                        "plain text (.csv)", 1,
                        "JSON lines with a document each", 1,
                        "packed plain text", 1,
                        "packed JSON lines with a document each", 1),
                corpus.formats());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"prompt\": \"a\"}   | $.text is missing",
                "{\"text\": 3}         | $.text is a number",
                "{\"text\": \"\\ud83d\"} | unpaired surrogate U+D83D",
                "[\"text\"]            | $ is an array",
                "{\"text\": \"a\"        | no JSON",
                "some words            | no JSON"
            })
    void otherLinesOfJsonAreRefusedWithWhatIsExpected(String line, String reason)
            throws IOException {
        Path file = write("a.jsonl", "{\"text\": \"fine\"}\n\n" + line + "\n");

        for (Path path : List.of(file, folder)) {
            String message = rejected(() -> Corpus.read(path));

            assertTrue(message.contains("a.jsonl line 3: "), message);
            assertTrue(message.contains(reason), message);
            assertTrue(
                    message.contains(
                            "expected on each line an object with a string under \"text\""),
                    message);
        }
    }

    @Test
    void whatUnpacksBeyondMeasureIsNoText() throws IOException {
        Path bomb = pack("bomb.gz", "0".repeat(20 << 20));
        Path half = folder.resolve("half.gz");
        byte[] whole = Files.readAllBytes(pack("whole.gz", RandomText.of(new Random(1), 9999)));
        Files.write(half, Arrays.copyOf(whole, whole.length / 2));

        assertTrue(rejected(() -> Corpus.read(bomb)).contains("bomb.gz unpacks to more than 200"));
        assertTrue(rejected(() -> Corpus.read(half)).contains("half.gz is no whole gzip file"));
        assertEquals(2, Corpus.read(folder).leftOut().size());
    }

    private Path pack(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return file;
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
