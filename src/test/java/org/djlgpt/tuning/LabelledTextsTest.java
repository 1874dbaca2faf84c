package org.djlgpt.tuning;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.data.Split;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

class LabelledTextsTest {

    private static final CharTokenizer LETTERS = CharTokenizer.fromText("abcdef");
    private static final int PAD = 5;

    @TempDir private Path folder;

    @Test
    void aTextOfCsvMayHaveCommasMarksAndLineBreaks() throws IOException {
        Path file =
                write(
                        "mails.csv",
                        "\uFEFF label ,id,text\r\nham,1,\"a, \"\"b\"\"\nc\"\r\n\r\n spam ,2, x \n");

        assertEquals(
                List.of(
                        new LabelledText("a, \"b\"\nc", "ham", file + " line 2"),
                        new LabelledText(" x ", "spam", file + " line 5")),
                LabelledText.read(file));
    }

    @Test
    void aLabelOfJsonLinesMayBeANumber() throws IOException {
        Path file =
                write(
                        "mails.jsonl",
                        "{\"text\": \"a\", \"label\": \"ham\", \"id\": 1}\n\n"
                                + "{\"text\": \"b\", \"label\": 1}\n"
                                + "{\"label\": 1.0, \"text\": \"c\"}\n"
                                + "{\"text\": \"d\", \"label\": null}\n"
                                + "{\"text\": \"e\"}\n");

        List<LabelledText> texts = LabelledText.read(file);

        assertEquals(
                List.of("a", "b", "c", "d", "e"), texts.stream().map(LabelledText::text).toList());
        assertEquals("ham", texts.get(0).label());
        assertEquals("1", texts.get(1).label());
        assertEquals("1", texts.get(2).label());
        assertNull(texts.get(3).label());
        assertNull(texts.get(4).label());
        assertEquals(file + " line 6", texts.get(4).place());
    }

    /** Whatever stands in texts, they are read as they were written. */
    @Test
    void csvIsReadAsItWasWritten() throws IOException {
        Random random = new Random(11);
        String[] pieces = {"a", ",", "\"", "\n", "\r\n", " ", ";", "é", "text", "#", "'", "\t"};
        for (int trial = 0; trial < 40; trial++) {
            StringBuilder csv = new StringBuilder("text,label\n");
            List<String> texts = new ArrayList<>();
            for (int row = 0; row < 5; row++) {
                StringBuilder text = new StringBuilder("b");
                for (int i = random.nextInt(8); i > 0; i--) {
                    text.append(pieces[random.nextInt(pieces.length)]);
                }
                texts.add(text.toString());
                csv.append('"').append(text.toString().replace("\"", "\"\"")).append("\",x\n");
            }
            Path file = write("some.csv", csv.toString());
            assertEquals(texts, LabelledText.read(file).stream().map(LabelledText::text).toList());
        }
    }

    @Test
    void badCsvIsRefusedWithItsLine() throws IOException {
        assertCsv("sms,label\na,ham\n", "no column \"text\", but [sms, label]");
        assertCsv("text,text\na,b\n", "two columns \"text\"");
        assertCsv("text,label\na,ham\nb,c,ham\n", "line 3 has 3 field(s), but the first line 2");
        assertCsv("text,label\na\n", "line 2 has 1 field(s)", "quotation marks");
        assertCsv(
                "label,text\nham,\"a\nb\"\nspam,\"c\nham,d\n", "line 4 has a quotation mark that");
        assertCsv("label,text\nham,\"a\"b\n", "is no CSV", "line 2");
        assertCsv("text,label\na,ham\n,ham\n", "line 3: the text is empty");
        assertCsv("text,label\na,\"x\ny\"\n", "line 2: the label", "line break");
        assertCsv("text,label\n", "has no texts");
        assertCsv("", "has no texts");
        Path binary = folder.resolve("binary.csv");
        Files.write(binary, new byte[] {'t', 'e', 'x', 't', '\n', (byte) 0xFF});
        assertRefused(() -> LabelledText.read(binary), "is not UTF-8 at byte offset 5");
    }

    @Test
    void badJsonLinesAreRefusedWithLineAndKey() throws IOException {
        assertJsonLines("{\"txt\": \"a\"}", "line 1", "$.text is missing");
        assertJsonLines("{\"text\": \"a\"}\n{\"text\": 3}", "line 2", "$.text is a number");
        assertJsonLines("{\"text\": \" \"}", "line 1", "$.text is empty");
        assertJsonLines(
                "{\"text\": \"a\", \"label\": true}", "line 1", "$.label is true, but a label is");
        assertJsonLines(
                "{\"text\": \"a\", \"label\": 0.5}", "line 1", "$.label is 0.5, but a label");
        assertJsonLines("{\"text\": \"a\", \"label\": \"x\\ty\"}", "bad.jsonl line 1", "a tab");
        assertJsonLines("{\"text\": \"a\", \"label\": [1, 0]}", "line 1", "$.label is");
        assertJsonLines("{\"text\": \"a\"", "line 1", "no JSON");
    }

    @Test
    void otherFilesAreRefused() throws IOException {
        Path other = write("mails.txt", "a");
        assertRefused(() -> LabelledText.read(other), "mails.txt is neither", ".csv or .jsonl");
        assertRefused(() -> LabelledText.read(folder.resolve("none.csv")), "none.csv");
    }

    @Test
    void aBatchIsPaddedOnTheRight() {
        LabelledTexts texts = build("ab ham", "c spam", "abc ham");
        try (NDManager manager = ComputeDevice.newManager()) {
            NDList batch = texts.batch(manager, 1, 0);

            assertEquals(DataType.INT64, batch.get(0).getDataType());
            assertEquals(new Shape(2, 2), batch.get(0).getShape());
            assertArrayEquals(new long[] {2, PAD, 0, 1}, batch.get(0).toLongArray());
            assertArrayEquals(new long[] {1, 0}, batch.get(1).toLongArray());
            assertRefused(() -> texts.batch(manager), "at least 1 index");
            assertRefused(() -> texts.batch(manager, 3), "index 3 does not exist; give 0 to 2");
        }
        assertEquals(3, texts.contextLength());
        assertEquals(3, texts.size());
        assertArrayEquals(new long[] {2, 1}, texts.counts());
    }

    @Test
    void longTextsLoseTheirEnd() {
        LabelledTexts texts =
                builder("abcdef ham", "abcd spam", "fedcba ham").setContextLength(4).build();

        assertEquals(2, texts.truncated());
        assertEquals(4, texts.contextLength());
        try (NDManager manager = ComputeDevice.newManager()) {
            assertArrayEquals(
                    new long[] {5, 4, 3, 2}, texts.batch(manager, 2).get(0).toLongArray());
        }
    }

    @Test
    void labelsAreNumberedByTheirNames() {
        assertEquals(List.of("ham", "spam"), build("a spam", "b ham").labels());
        assertEquals(List.of("-1", "2", "10"), build("a 10", "b 2", "c -1", "d 2").labels());
        assertEquals(List.of("10", "2", "x"), build("a 10", "b 2", "c x").labels());
        assertEquals(
                List.of("spam", "ham", "eggs"),
                builder("a ham").optLabels(List.of("spam", "ham", "eggs")).build().labels());
    }

    @Test
    void whatHasNothingToLearnIsRefused() {
        assertRefused(() -> build("a ham", "b ham"), "all 2 texts have the label \"ham\"");
        assertRefused(
                () -> builder("a ham", "b eggs").optLabels(List.of("ham", "spam")).build(),
                "text: the label \"eggs\" is none of [ham, spam]");
        assertRefused(
                () ->
                        builder()
                                .setTexts(List.of(new LabelledText("a", " ", "x.csv line 2")))
                                .build(),
                "x.csv line 2: the text has no label");
        assertRefused(() -> builder().build(), "there are no texts");
        assertRefused(() -> new LabelledText(" \n", "ham"), "the text is empty");
        assertRefused(
                () ->
                        builder()
                                .setTexts(List.of(new LabelledText("axa", "ham", "y line 9")))
                                .optLabels(List.of("ham", "spam"))
                                .build(),
                "y line 9: ",
                "'x'");
        assertRefused(
                () -> builder("a ham", "b spam").setContextLength(0).build(), "contextLength");
        assertRefused(() -> builder("a ham", "b spam").setPadTokenId(-1).build(), "padTokenId=-1");
    }

    @Test
    void idsMustBeTheModels() {
        LabelledTexts texts = build("a ham", "b spam");
        texts.requireIdsBelow(6);
        assertRefused(() -> texts.requireIdsBelow(5), "id 5 is outside the vocabulary");
    }

    @Test
    void aFingerprintTellsIdsAndLabels() {
        String fingerprint = build("ab ham", "c spam").fingerprint();

        assertEquals(fingerprint, build("ab ham", "c spam").fingerprint());
        assertNotEquals(fingerprint, build("ab ham", "cc spam").fingerprint());
        assertNotEquals(fingerprint, build("ab spam", "c ham").fingerprint());
        assertNotEquals(fingerprint, build("ab ham", "c span").fingerprint());
        assertNotEquals(fingerprint, build("c spam", "ab ham").fingerprint());
    }

    @Test
    void aPartIsHeldOutOfEachLabel() {
        String[] lines = new String[100];
        for (int i = 0; i < lines.length; i++) {
            lines[i] = "abcdef".charAt(i % 6) + (i < 80 ? " ham" : " spam");
        }
        LabelledTexts texts = build(lines);

        Split<LabelledTexts> split = texts.holdOut(0.25, 7);

        assertArrayEquals(new long[] {60, 15}, split.training().counts());
        assertArrayEquals(new long[] {20, 5}, split.heldOut().counts());
        assertEquals(split.heldOut().fingerprint(), texts.holdOut(0.25, 7).heldOut().fingerprint());
        assertNotEquals(
                split.heldOut().fingerprint(), texts.holdOut(0.25, 8).heldOut().fingerprint());
        for (double share : new double[] {0, 1, -0.5, 0.001, Double.NaN}) {
            assertRefused(() -> texts.holdOut(share, 7), "validationShare=" + share);
        }
        assertRefused(() -> texts.holdOut(0.001, 7), "each of 2 labels is less than one; give");
        assertRefused(() -> texts.holdOut(0.9999, 7), "each of 2 labels is all of them");
    }

    private void assertCsv(String content, String... parts) throws IOException {
        Path file = write("bad.csv", content);
        assertRefused(() -> LabelledText.read(file), parts);
        assertRefused(() -> LabelledText.read(file), file.toString());
    }

    private void assertJsonLines(String content, String... parts) throws IOException {
        Path file = write("bad.jsonl", content);
        assertRefused(() -> LabelledText.read(file), parts);
        assertRefused(() -> LabelledText.read(file), file.toString());
    }

    private Path write(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content, StandardCharsets.UTF_8);
    }

    private static LabelledTexts build(String... textsAndLabels) {
        return builder(textsAndLabels).build();
    }

    private static LabelledTextsBuilder builder(String... textsAndLabels) {
        List<LabelledText> texts = new ArrayList<>();
        for (String line : textsAndLabels) {
            String[] words = line.split(" ");
            texts.add(new LabelledText(words[0], words[1]));
        }
        return LabelledTexts.builder()
                .setTexts(texts)
                .setTokenizer(LETTERS)
                .setContextLength(6)
                .setPadTokenId(PAD);
    }
}
