package org.djlgpt.tuning;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import org.djlgpt.data.Split;
import org.djlgpt.testing.Figures;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;

class ExampleSetTest {

    /** Has the special tokens of ChatML; an answer ends with {@code <|im_end|>}. */
    private static final Path CHATML = Path.of("src/test/resources/org/djlgpt/text/byte-level");

    @TempDir private Path folder;

    private ExampleSet read(String... lines) throws IOException {
        Path file = Files.write(folder.resolve("examples.jsonl"), List.of(lines));
        return builder().addFile(file).build();
    }

    private static ExampleSetBuilder builder() throws IOException {
        return ExampleSet.builder()
                .setTokenizer(Tokenizer.load(CHATML))
                .setContextLength(1000)
                .optTemplate(ChatTemplate.chatMl());
    }

    /** Shows an example as its text, with brackets around what is learned. */
    private static String shown(Example example) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(CHATML);
        StringBuilder shown = new StringBuilder();
        boolean learned = false;
        int[] ids = example.ids();
        for (int i = 0; i <= ids.length; i++) {
            boolean next = i < ids.length && example.isLearned(i);
            shown.append(next == learned ? "" : next ? "[" : "]");
            learned = next;
            shown.append(i < ids.length ? tokenizer.decode(ids[i]) : "");
        }
        return shown.toString();
    }

    @Test
    void aTextIsLearnedAsAWholeAndEnds() throws IOException {
        Example text = read("{\"text\": \"the cat\", \"source\": \"a book\"}").get(0);

        assertEquals("th[e cat<|im_end|>]", shown(text)); // the first token is given
    }

    @Test
    void aCompletionIsLearnedBehindItsPrompt() throws IOException {
        assertEquals(
                "A or B?\n[B<|im_end|>]",
                shown(read("{\"prompt\": \"A or B?\\n\", \"completion\": \"B\"}").get(0)));
    }

    @Test
    void anInstructionIsWrittenAsAlpacaDoes() throws IOException {
        ExampleSet set =
                read(
                        "{\"instruction\": \"Add.\", \"input\": \"2 3\", \"output\": \"5\"}",
                        "{\"instruction\": \"Add.\", \"input\": \"\", \"output\": \"5\"}",
                        "{\"instruction\": \"Add.\", \"input\": null, \"output\": \"5\"}",
                        "{\"instruction\": \"Add.\", \"output\": \"5\"}");

        assertEquals(
                """
                Below is an instruction that describes a task, paired with an input that provides \
                further context. Write a response that appropriately completes the request.

                ### Instruction:
                Add.

                ### Input:
                2 3

                ### Response:
                [5<|im_end|>]\
                """,
                shown(set.get(0)));
        for (int i = 1; i < 4; i++) {
            assertEquals(
                    """
                    Below is an instruction that describes a task. Write a response that \
                    appropriately completes the request.

                    ### Instruction:
                    Add.

                    ### Response:
                    [5<|im_end|>]\
                    """,
                    shown(set.get(i)));
        }
    }

    @Test
    void eachTurnOfTheAssistantIsLearnedWithTheTokenThatEndsIt() throws IOException {
        String chat =
                """
                {"messages": [{"role": "user", "content": "1"}, {"role": "assistant", "content": "a"},
                 {"role": "user", "content": "2"}, {"role": "assistant", "content": "b"},
                 {"role": "user", "content": "3"}]}\
                """
                        .replace("\n", "");

        assertEquals(
                """
                <|im_start|>user
                1<|im_end|>
                <|im_start|>assistant
                [a<|im_end|>]
                <|im_start|>user
                2<|im_end|>
                <|im_start|>assistant
                [b<|im_end|>]\
                """,
                shown(read(chat).get(0)));
    }

    @Test
    void aTemplateWithoutSpecialTokensHasTheEndOfTextBehindEachTurn() throws IOException {
        String chat =
                "{\"messages\": [{\"role\": \"user\", \"content\": \"1\"}, {\"role\":"
                        + " \"assistant\", \"content\": \"a\"}, {\"role\": \"user\", \"content\":"
                        + " \"2\"}, {\"role\": \"assistant\", \"content\": \"b\"}]}";
        Path file = Files.writeString(folder.resolve("chat.jsonl"), chat);

        ExampleSet set = builder().optTemplate(ChatTemplate.alpaca()).addFile(file).build();

        String shown = shown(set.get(0));
        assertEquals(
                "1\n\n### Response:\n[a<|im_end|>]\n\n### Instruction:\n2\n\n### Response:\n"
                        + "[b<|im_end|>]",
                shown.substring(shown.indexOf("1")));
    }

    @Test
    void ofAConversationInTwoPartsTheSecondIsLearned() throws IOException {
        String line =
                "{\"prompt\": [{\"role\": \"user\", \"content\": \"1\"}, {\"role\": \"assistant\","
                        + " \"content\": \"a\"}, {\"role\": \"user\", \"content\": \"2\"}],"
                        + " \"completion\": [{\"role\": \"assistant\", \"content\": \"b\"}]}";

        String shown = shown(read(line).get(0));

        assertEquals(shown.indexOf("[b"), shown.indexOf("["), shown);
        assertEquals("[b<|im_end|>]", shown.substring(shown.indexOf("[")));
    }

    /** Figures of {@code src/test/python/examples_fixture.py}. */
    @Test
    void idsAndWhatIsLearnedAreThoseOfTransformers() throws IOException {
        JsonObject expected = Figures.read(getClass(), "examples.json");
        int compared = 0;
        for (String kind : List.of("chats", "completions")) {
            for (JsonElement element : expected.getAsJsonArray(kind)) {
                JsonObject made = element.getAsJsonObject();
                int[] ids = ints(made.remove("ids"));
                int[] learned = ints(made.remove("learned"));

                Example example = read(made.toString()).get(0);

                int length = example.length(); // up to the last answer
                assertArrayEquals(Arrays.copyOf(ids, length), example.ids());
                for (int i = 1; i < ids.length; i++) {
                    assertEquals(learned[i] == 1, i < length && example.isLearned(i));
                }
                compared++;
            }
        }
        assertEquals(5, compared);
    }

    private static int[] ints(JsonElement array) {
        return array.getAsJsonArray().asList().stream().mapToInt(JsonElement::getAsInt).toArray();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "{\"prompt\": \"a\"}                   | $ has prompt of the keys",
                "{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"} | chosen, prompt, rej",
                "{\"text\": \"a\", \"label\": 1}       | $ has label, text of the keys",
                "{\"text\": \"a\", \"output\": \"b\"}  | give text; or prompt and completion; or",
                "{\"story\": \"a\"}                    | $ has none of the keys",
                "{\"text\": 3}                         | $.text is a number where a string is due",
                "{\"text\": \"  \"}                    | $.text is empty",
                "{\"text\": \"\\ud83d\"}               | $.text: text has the unpaired surrogate",
                "{\"prompt\": 1, \"completion\": \"b\"}     | $.prompt is a number",
                "{\"prompt\": [], \"completion\": \"b\"}    | $.completion is a string",
                "{\"prompt\": \"a\", \"completion\": \"\"}  | $.completion is empty",
                "{\"prompt\": \"a\", \"completion\": null}  | $.completion is null",
                "{\"instruction\": \"a\", \"output\": \"\"} | $.output is empty",
                "{\"instruction\": \"a\", \"input\": 1, \"output\": \"b\"} | $.input is a number",
                "{\"messages\": \"a\"}                 | $.messages is a string where an array",
                "{\"messages\": []}                    | $.messages: of 0 message(s) to learn",
                "{\"messages\": [{\"role\": \"bot\", \"content\": \"a\"}]} | $.messages[0].role:"
                        + " role \"bot\" is unknown",
                "{\"messages\": [{\"role\": \"user\"}]} | $.messages[0].content is missing",
                "{\"messages\": [{\"role\": \"user\", \"content\": [\"a\"]}]} |"
                        + " $.messages[0].content is an array",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]} | of 1 message(s) to"
                        + " learn from, none is the assistant's; give an answer",
                "{\"prompt\": [{\"role\": \"user\", \"content\": \"a\"}], \"completion\":"
                        + " [{\"role\": \"user\", \"content\": \"b\"}]} | of 1 message(s) to learn"
                        + " from, none is",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\":"
                        + " \"assistant\", \"content\": \"\"}]} | $.messages[1].content is empty",
                "{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\"}]} | $.messages: the"
                        + " first message is the assistant's, which answers nothing",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"a\", \"tool_calls\": 1}]} |"
                        + " $.messages[0].tool_calls is not known",
                "[\"text\"]                            | $ is an array where an object is due",
                "{\"text\": \"a\"                      | no JSON",
                "some words                            | no JSON"
            })
    void otherLinesAreRefusedWithFileLineAndKey(String line, String reason) {
        assertRefused(
                () -> read("{\"text\": \"fine\"}", "", line), "examples.jsonl line 3: ", reason);
    }

    @Test
    void whatSpellsASpecialTokenIsLettersInATextAndRefusedInAMessage() throws IOException {
        assertEquals(
                "<[|im_start|><|im_end|>]", shown(read("{\"text\": \"<|im_start|>\"}").get(0)));
        assertRefused(
                () -> read("{\"messages\": [{\"role\": \"user\", \"content\": \"<|im_end|>\"}]}"),
                "line 1: $.messages[0].content: the message spells <|im_end|>");
    }

    @Test
    void filesThatCannotBeReadAreRefused() throws IOException {
        Path missing = folder.resolve("missing.jsonl");
        Path packed = Files.writeString(folder.resolve("packed.jsonl.gz"), "{\"text\": \"a\"}");
        Path empty = Files.writeString(folder.resolve("empty.jsonl"), "\n\n");

        assertRefused(() -> builder().addFile(missing).build(), "missing.jsonl does not exist");
        assertRefused(() -> builder().addFile(packed).build(), "is no whole gzip file");
        assertRefused(() -> builder().addFile(empty).build(), "there are no examples");
        assertRefused(
                () -> ExampleSet.builder().setContextLength(9).addFile(empty).build(),
                "setTokenizer");
        assertRefused(() -> builder().setContextLength(0).build(), "contextLength=0");
        Path chat = Files.writeString(folder.resolve("c.jsonl"), "{\"messages\": []}");
        assertRefused(
                () ->
                        ExampleSet.builder()
                                .setTokenizer(Tokenizer.load(CHATML))
                                .setContextLength(9)
                                .addFile(chat)
                                .build(),
                "c.jsonl line 1",
                "$.messages",
                "chat template");
    }

    @Test
    void aCharacterThatHasNoIdIsNamedWithItsPlace() throws IOException {
        Path file = Files.writeString(folder.resolve("a.jsonl"), "{\"text\": \"abc\"}");
        ExampleSetBuilder builder =
                ExampleSet.builder()
                        .setTokenizer(CharTokenizer.fromText("ab"))
                        .setContextLength(9)
                        .addFile(file);

        assertRefused(builder::build, "a.jsonl line 1: $.text: ", "'c'");
    }

    @Test
    void aTemplateThatRewritesWhatItWroteIsRefused() throws IOException {
        Path file =
                Files.writeString(
                        folder.resolve("a.jsonl"),
                        "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\":"
                                + " \"assistant\", \"content\": \"b\"}]}");
        ChatTemplate counting = (messages, prompt) -> messages.size() + " messages";

        assertRefused(
                () -> builder().optTemplate(counting).addFile(file).build(),
                "a.jsonl line 1: $.messages: the chat template",
                "use another template");
    }

    @Test
    void aTemplateThatLeavesOutTheAnswerIsRefused() {
        ChatTemplate ofUsers = (messages, prompt) -> messages.get(0).content();
        ChatTemplate endOnly =
                (messages, prompt) -> "Q: " + (messages.size() > 1 ? "<|im_end|>\n" : "");
        for (ChatTemplate template : List.of(ofUsers, endOnly)) {
            assertRefused(
                    () ->
                            builder()
                                    .optTemplate(template)
                                    .addConversation(
                                            List.of(Message.user("a"), Message.assistant("b")))
                                    .build(),
                    "leaves out what the assistant says",
                    "use another template");
        }
    }

    @Test
    void conversationsNeedNoFile() throws IOException {
        Message question = Message.instruction("Add.", "2 3");
        ExampleSetBuilder builder =
                builder().addConversation(List.of(question, Message.assistant("5")));

        assertEquals(
                "<|im_start|>user\nAdd.\n\n### Input:\n2 3<|im_end|>\n"
                        + "<|im_start|>assistant\n[5<|im_end|>]",
                shown(builder.build().get(0)));
        assertRefused(
                () -> builder.addConversation(List.of(Message.user("<|im_end|>"))).build(),
                "the message spells <|im_end|>");
        assertRefused(
                () -> builder().addConversation(List.of(question)).build(),
                "of 1 message(s) to learn from, none is the assistant's");
    }

    @Test
    void aPackedFileIsUnpackedAndOrderIsKept() throws IOException {
        Path packed = folder.resolve("b.jsonl.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
            out.write("\uFEFF{\"text\": \"two\"}\r\n".getBytes(StandardCharsets.UTF_8));
        }
        Path plain = Files.writeString(folder.resolve("a.jsonl"), "{\"text\": \"three\"}");
        Example one = Example.builder().addAnswer(7, 7).build();

        ExampleSet set = builder().addFile(packed).addExamples(List.of(one)).addFile(plain).build();

        assertEquals(3, set.size());
        assertArrayEquals(one.ids(), set.get(1).ids());
        assertEquals("two<|im_end|>", shown(set.get(0)).replaceAll("[\\[\\]]", ""));
        assertEquals("three<|im_end|>", shown(set.get(2)).replaceAll("[\\[\\]]", ""));
    }

    private static Example example(int prompt, int answer) {
        return Example.builder()
                .addPrompt(new int[prompt])
                .addAnswer(IntStream.rangeClosed(1, answer).toArray())
                .build();
    }

    @Test
    void whatIsTooLongIsCutFromTheRightAndWithoutAnswerDropped() throws IOException {
        ExampleSet set =
                ExampleSet.builder()
                        .setContextLength(4)
                        .addExamples(
                                List.of(
                                        example(2, 3), // 4 tokens are read, the last predicted
                                        example(2, 4),
                                        example(4, 3),
                                        example(5, 3)))
                        .build();

        assertEquals(3, set.size());
        assertEquals(2, set.truncated());
        assertEquals(1, set.dropped());
        assertArrayEquals(new int[] {0, 0, 1, 2, 3}, set.get(0).ids());
        assertArrayEquals(new int[] {0, 0, 1, 2, 3}, set.get(1).ids());
        assertArrayEquals(new int[] {0, 0, 0, 0, 1}, set.get(2).ids());
        assertEquals(4, set.contextLength());
        assertRefused(
                () ->
                        ExampleSet.builder()
                                .setContextLength(4)
                                .addExamples(List.of(example(5, 3)))
                                .build(),
                "none of 1 examples has an answer within 4 tokens");
    }

    @Test
    void theEndIsHeldOut() throws IOException {
        ExampleSet all =
                ExampleSet.builder()
                        .setContextLength(9)
                        .addExamples(
                                List.of(
                                        example(1, 1),
                                        example(2, 1),
                                        example(3, 1),
                                        example(4, 1),
                                        example(5, 1)))
                        .build();

        Split<ExampleSet> split = all.holdOut(0.5);

        assertEquals(3, split.training().size());
        assertEquals(2, split.heldOut().size());
        assertEquals(5, split.heldOut().get(0).length());
        assertEquals(3, split.training().contextLength());
        assertNotEquals(split.training().fingerprint(), all.fingerprint());
        assertRefused(() -> all.holdOut(0.1), "validationShare=0.1 of 5 example(s) is less");
        assertRefused(() -> all.holdOut(1), "between 0 and 1");
    }

    @Test
    void theFingerprintKnowsIdsLengthsAndWhatIsLearned() throws IOException {
        String same = fingerprint(example(2, 2), example(1, 1));

        assertEquals(same, fingerprint(example(2, 2), example(1, 1)));
        assertNotEquals(same, fingerprint(example(1, 1), example(2, 2)));
        assertNotEquals(
                fingerprint(Example.builder().addPrompt(0, 1).addAnswer(2).build()),
                fingerprint(Example.builder().addPrompt(0).addAnswer(1, 2).build()));
    }

    private static String fingerprint(Example... examples) throws IOException {
        return ExampleSet.builder()
                .setContextLength(9)
                .addExamples(List.of(examples))
                .build()
                .fingerprint();
    }

    @Test
    void idsOutsideTheVocabularyAreRefused() throws IOException {
        ExampleSetBuilder builder =
                ExampleSet.builder()
                        .setContextLength(9)
                        .addExamples(List.of(example(2, 2), example(2, 5)));

        builder.build().requireIdsBelow(6);
        assertRefused(() -> builder.build().requireIdsBelow(5), "id 5 in example 1", "5");
        assertRefused(() -> builder.optPadding(7).build().requireIdsBelow(6), "7 of padding");
    }

    @Test
    void wrongExamplesAndIndicesAreRefused() throws IOException {
        ExampleSet set =
                ExampleSet.builder()
                        .setContextLength(9)
                        .addExamples(List.of(example(2, 2)))
                        .build();
        try (NDManager manager = ComputeDevice.newManager()) {
            for (var any : List.of(set, set.packed())) {
                assertRefused(() -> any.batch(manager), "at least 1 index");
                assertRefused(() -> any.batch(manager, 0, 1), "index 1 does not exist");
                assertRefused(() -> any.batch(manager, -1), "index -1 does not exist");
            }
        }
        assertRefused(() -> Example.builder().addPrompt(1, 2).build(), "nothing to learn");
        assertRefused(() -> Example.builder().addAnswer(1).build(), "1 tokens", "nothing to learn");
        assertRefused(() -> Example.builder().addAnswer(1, -2).build(), "id -2 of token 1");
    }

    /**
     * The batch that the collate function of Raschka, "Build a Large Language Model (From
     * Scratch)", 2024, section 7.3, makes of three texts: each has an end behind it, padding is the
     * same id, and of the targets only the first such counts.
     */
    @Test
    void theBatchIsThatOfTheBook() throws IOException {
        int end = 50256;
        List<Example> texts =
                List.of(
                        Example.builder().addAnswer(0, 1, 2, 3, 4).addAnswer(end).build(),
                        Example.builder().addAnswer(5, 6).addAnswer(end).build(),
                        Example.builder().addAnswer(7, 8, 9).addAnswer(end).build());
        ExampleSet set =
                ExampleSet.builder()
                        .setContextLength(1024)
                        .optPadding(end)
                        .addExamples(texts)
                        .build();
        try (NDManager manager = ComputeDevice.newManager()) {
            NDList batch = set.batch(manager, 0, 1, 2);

            long[][] inputs = {
                {0, 1, 2, 3, 4}, {5, 6, 50256, 50256, 50256}, {7, 8, 9, 50256, 50256}
            };
            long[][] targets = {
                {1, 2, 3, 4, 50256}, {6, 50256, -100, -100, -100}, {8, 9, 50256, -100, -100}
            };
            for (int row = 0; row < 3; row++) {
                assertArrayEquals(inputs[row], batch.get(0).get(row).toLongArray());
                assertArrayEquals(targets[row], batch.get(1).get(row).toLongArray());
            }
        }
    }
}
