package org.djlgpt.tuning;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.data.Split;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class PreferenceSetTest {

    /** Has the special tokens of ChatML; an answer ends with {@code <|im_end|>}. */
    private static final Path CHATML = Path.of("src/test/resources/org/djlgpt/text/byte-level");

    private static final String QUESTION = "{\"role\": \"user\", \"content\": \"A or B?\"}";

    @TempDir private Path folder;

    private PreferenceSet read(String... lines) throws IOException {
        Path file = Files.write(folder.resolve("preferences.jsonl"), List.of(lines));
        return builder().addFile(file).build();
    }

    private static PreferenceSetBuilder builder() throws IOException {
        return PreferenceSet.builder()
                .setTokenizer(Tokenizer.load(CHATML))
                .setContextLength(100)
                .optTemplate(ChatTemplate.chatMl());
    }

    private static String assistant(String content) {
        return "{\"role\": \"assistant\", \"content\": \"%s\"}".formatted(content);
    }

    private static String line(String prompt, String chosen, String rejected) {
        return "{\"prompt\": %s, \"chosen\": %s, \"rejected\": %s}"
                .formatted(prompt, chosen, rejected);
    }

    /** Shows an example as its prompt, a bar, and what is learned. */
    private static String shown(ExampleSet set) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(CHATML);
        Example example = set.get(0);
        StringBuilder shown = new StringBuilder();
        int[] ids = example.ids();
        for (int i = 0; i < ids.length; i++) {
            shown.append(i > 0 && example.isLearned(i) && !example.isLearned(i - 1) ? "|" : "");
            shown.append(tokenizer.decode(ids[i]));
        }
        return shown.toString();
    }

    @Test
    void bothAnswersFollowThePrompt() throws IOException {
        PreferenceSet set = read(line("\"A or B?\\n\"", "\"B\"", "\"C and D\""));

        assertEquals("A or B?\n|B<|im_end|>", shown(set.chosen()));
        assertEquals("A or B?\n|C and D<|im_end|>", shown(set.rejected()));
    }

    @Test
    void conversationsAreWrittenByTheTemplate() throws IOException {
        String question = "<|im_start|>user\nA or B?<|im_end|>\n<|im_start|>assistant\n|";
        String chosen = "[" + assistant("B") + "]";
        String rejected = "[" + assistant("C") + "]";
        PreferenceSet explicit = read(line("[" + QUESTION + "]", chosen, rejected));
        PreferenceSet implicit =
                read(
                        "{\"chosen\": [%s, %s], \"rejected\": [%s, %s]}"
                                .formatted(QUESTION, assistant("B"), QUESTION, assistant("C")));

        for (PreferenceSet set : List.of(explicit, implicit)) {
            assertEquals(question + "B<|im_end|>", shown(set.chosen()));
            assertEquals(question + "C<|im_end|>", shown(set.rejected()));
        }
        assertEquals(explicit.fingerprint(), implicit.fingerprint());
    }

    /** Answers of earlier turns, which both have, are not compared. */
    @Test
    void onlyWhatDiffersIsLearnedOfWholeConversations() throws IOException {
        String same = QUESTION + ", " + assistant("Both") + ", " + QUESTION;
        PreferenceSet set =
                read(
                        "{\"chosen\": [%s, %s], \"rejected\": [%s, %s]}"
                                .formatted(same, assistant("B"), same, assistant("C")));

        assertEquals(2, set.chosen().get(0).learnedTokens());
        assertEquals(2, set.rejected().get(0).learnedTokens());
    }

    @Test
    void aBatchHasTwoRowsForAPair() throws IOException {
        PreferenceSetBuilder builder = PreferenceSet.builder().setContextLength(10);
        builder.addPair(
                Example.builder().addPrompt(5, 6).addAnswer(7).build(),
                Example.builder().addPrompt(5, 6).addAnswer(8, 9, 1).build());
        builder.addPair(
                Example.builder().addPrompt(2).addAnswer(3).build(),
                Example.builder().addPrompt(2).addAnswer(4).build());
        try (NDManager manager = ComputeDevice.newManager()) {
            NDList batch = builder.build().batch(manager, 1, 0);

            assertEquals(new Shape(2, 2, 4), batch.get(0).getShape());
            assertArrayEquals(
                    new long[] {2, 0, 0, 0, 2, 0, 0, 0, 5, 6, 0, 0, 5, 6, 8, 9},
                    batch.get(0).toLongArray());
            long not = -100;
            assertArrayEquals(
                    new long[] {3, not, not, not, 4, not, not, not, not, 7, not, not, not, 8, 9, 1},
                    batch.get(1).toLongArray());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'prompt':'a', 'chosen':'b', 'rejected':'b'} | $ has the same answer as chosen",
                "{'prompt':'a', 'chosen':'b', 'rejected':' '} | $.rejected is empty",
                "{'prompt':'a', 'chosen':'', 'rejected':'b'} | $.chosen is empty",
                "{'prompt':'a', 'chosen':'b'} | rejected",
                "{'prompt':'a', 'rejected':'b'} | chosen",
                "{'chosen':'b', 'rejected':'c'} | prompt",
                "{'prompt':7, 'chosen':'b', 'rejected':'c'} | $.prompt",
                "{'prompt':[], 'chosen':'b', 'rejected':'c'} | $.chosen",
                "{'chosen':[], 'rejected':[]} | the same answer",
                "{'chosen':[{'role':'cat','content':'b'}], 'rejected':[]} | \"cat\" is unknown",
                "['chosen', 'rejected'] | preferences.jsonl",
            })
    void aLineThatIsNoPairIsNamed(String line, String reason) {
        String good = line("'a'", "'b'", "'c'");
        assertRefused(
                () -> read(good.replace('\'', '"'), line.replace('\'', '"')),
                "preferences.jsonl",
                "2",
                reason);
    }

    @Test
    void aConversationNeedsATemplate() throws IOException {
        Path file = folder.resolve("chats.jsonl");
        Files.writeString(
                file,
                line("[" + QUESTION + "]", "[" + assistant("B") + "]", "[" + assistant("C") + "]"));
        assertRefused(
                () -> builder().optTemplate(null).addFile(file).build(),
                "chats.jsonl",
                "no chat template");
    }

    @Test
    void whatDoesNotFitIsCutOrDropped() throws IOException {
        Tokenizer tokenizer = CharTokenizer.fromText("abcdefghij");
        Path file =
                Files.write(
                        folder.resolve("long.jsonl"),
                        List.of(
                                line("\"a\"", "\"bcdefg\"", "\"cc\""), // cut
                                line("\"a\"", "\"bcdef\"", "\"bcdeg\""), // differ where none sees
                                line("\"abcdefghij\"", "\"a\"", "\"b\""), // all prompt
                                line("\"a\"", "\"b\"", "\"c\"")));
        PreferenceSetBuilder builder =
                PreferenceSet.builder().setTokenizer(tokenizer).addFile(file);

        PreferenceSet set = builder.setContextLength(4).build();

        assertEquals(2, set.size());
        assertEquals(1, set.truncated());
        assertEquals(2, set.dropped());
        assertEquals(4, set.contextLength());
        assertRefused(
                () ->
                        PreferenceSet.builder()
                                .setTokenizer(tokenizer)
                                .setContextLength(4)
                                .addFile(
                                        Files.writeString(
                                                folder.resolve("one.jsonl"),
                                                line("\"abcdefghij\"", "\"a\"", "\"b\"")))
                                .build(),
                "none of 1 pairs has two different answers within 4 tokens; use a longer context");
    }

    @Test
    void partsAreOfBothAnswers() throws IOException {
        PreferenceSet all =
                read(
                        line("\"a\"", "\"b\"", "\"c\""),
                        line("\"d\"", "\"e\"", "\"f\""),
                        line("\"g\"", "\"h\"", "\"i\""));
        Split<PreferenceSet> split = all.holdOut(0.4);

        assertEquals(2, split.training().size());
        assertEquals(1, split.heldOut().size());
        assertEquals("g|h<|im_end|>", shown(split.heldOut().chosen()));
        assertEquals("g|i<|im_end|>", shown(split.heldOut().rejected()));
        assertNotEquals(all.fingerprint(), split.training().fingerprint());
    }

    @Test
    void whatIsNoSetIsRefused() throws IOException {
        Example one = Example.builder().addPrompt(1).addAnswer(2).build();
        assertRefused(() -> PreferenceSet.builder().addPair(one, one), "pair 0", "same answer");
        assertRefused(() -> PreferenceSet.builder().build(), "contextLength=0");
        assertRefused(() -> PreferenceSet.builder().setContextLength(4).build(), "no preferences");
        assertRefused(
                () ->
                        PreferenceSet.builder()
                                .setContextLength(4)
                                .addFile(folder.resolve("x.jsonl"))
                                .build(),
                "setTokenizer");
        PreferenceSet set = read(line("\"a\"", "\"b\"", "\"c\""));
        assertRefused(() -> set.requireIdsBelow(10), "vocabSize=10");
        try (NDManager manager = ComputeDevice.newManager()) {
            assertRefused(() -> set.batch(manager), "empty");
            assertRefused(() -> set.batch(manager, 1), "index 1 does not exist");
        }
    }
}
