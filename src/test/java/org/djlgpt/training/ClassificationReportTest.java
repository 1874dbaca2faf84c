package org.djlgpt.training;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.tuning.LabelledText;
import org.djlgpt.tuning.LabelledTexts;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.stream.IntStream;

class ClassificationReportTest {

    private static final CharTokenizer LETTERS = CharTokenizer.fromText("abc");

    @Test
    void figuresFollowFromTheMatrix() {
        ClassificationReport report =
                new ClassificationReport(
                        List.of("ham", "spam", "eggs"),
                        new long[][] {{8, 2, 0}, {1, 4, 0}, {3, 2, 0}});

        assertEquals(20, report.texts());
        assertEquals(0.6, report.accuracy(), 1e-12);
        assertEquals(2.0 / 3, report.precision(0), 1e-12);
        assertEquals(0.8, report.recall(0), 1e-12);
        assertEquals(8.0 / 11, report.f1(0), 1e-12);
        assertEquals(0.5, report.precision(1), 1e-12);
        assertEquals(0.8, report.recall(1), 1e-12);
        assertEquals(8.0 / 13, report.f1(1), 1e-12);
        assertEquals(Double.NaN, report.precision(2));
        assertEquals(0, report.recall(2));
        assertEquals(0, report.f1(2));
        assertEquals(
                """
                accuracy 0.6000 of 20 texts

                             texts  precision  recall      F1     ham    spam    eggs
                ham             10     0.6667  0.8000  0.7273       8       2       0
                spam             5     0.5000  0.8000  0.6154       1       4       0
                eggs             5          -  0.0000  0.0000       3       2       0\
                """
                        .replace("\n", System.lineSeparator()),
                report.toString());
    }

    @Test
    void aClassifierIsMeasuredTextByText() {
        try (NDManager manager = ComputeDevice.newManager()) {
            SequenceClassifier model =
                    SequenceClassifier.on(
                            TinyGpt.scrambled(TinyGpt.size(3, 6).build(), 1, manager),
                            List.of("no", "yes"),
                            0,
                            manager);
            LabelledTexts texts =
                    texts("ab no", "bc yes", "cab yes", "bbbbb no", "c yes", "accb no", "b yes");
            long[][] expected = new long[2][2];
            for (int i = 0; i < texts.size(); i++) {
                long[][] one =
                        ClassificationReport.of(model, part(texts, i), manager, 1).confusion();
                expected[0][0] += one[0][0];
                expected[0][1] += one[0][1];
                expected[1][0] += one[1][0];
                expected[1][1] += one[1][1];
            }

            for (int batchSize : new int[] {1, 3, 100}) {
                ClassificationReport report =
                        ClassificationReport.of(model, texts, manager, batchSize);
                assertArrayEquals(expected, report.confusion());
            }
            assertRefused(() -> ClassificationReport.of(model, texts, manager, 0), "batchSize");
        }
    }

    @Test
    void manyLabelsHaveNoColumns() {
        List<String> labels = IntStream.range(0, 21).mapToObj(i -> "label" + i).toList();
        String text = new ClassificationReport(labels, new long[21][21]).toString();

        assertEquals(24, text.lines().count());
        assertTrue(text.lines().allMatch(line -> line.length() < 50), text);
    }

    @Test
    void aMatrixMustFitTheLabels() {
        List<String> labels = List.of("no", "yes");
        assertRefused(
                () -> new ClassificationReport(labels, new long[][] {{1, 2}}),
                "1 by 2",
                "2 labels");
        assertRefused(
                () -> new ClassificationReport(labels, new long[][] {{1, 2}, {3, -1}}), "below 0");
    }

    private static LabelledTexts part(LabelledTexts texts, int index) {
        List<String> all = List.of("ab", "bc", "cab", "bbbbb", "c", "accb", "b");
        return build(List.of(new LabelledText(all.get(index), label(texts, index))));
    }

    private static String label(LabelledTexts texts, int index) {
        return texts.labels().get(texts.target(index));
    }

    private static LabelledTexts texts(String... textsAndLabels) {
        return build(
                List.of(textsAndLabels).stream()
                        .map(line -> line.split(" "))
                        .map(words -> new LabelledText(words[0], words[1]))
                        .toList());
    }

    private static LabelledTexts build(List<LabelledText> texts) {
        return LabelledTexts.builder()
                .setTexts(texts)
                .setTokenizer(LETTERS)
                .setContextLength(6)
                .setPadTokenId(0)
                .optLabels(List.of("no", "yes"))
                .build();
    }
}
