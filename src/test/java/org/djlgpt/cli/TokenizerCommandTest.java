package org.djlgpt.cli;

import static org.djlgpt.cli.Command.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.djlgpt.text.Tokenizer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code gpt tokenizer}: a vocabulary of one's own, and models that have it. */
class TokenizerCommandTest {

    @TempDir private Path folder;
    private Path text;
    private Path learnt;

    @BeforeEach
    void prepare() {
        text = SmallText.in(folder);
        learnt = folder.resolve("learnt");
    }

    private Command learn(Object... more) {
        Object[] usual = {"tokenizer", "train", "--data", text, "--out", learnt};
        return Command.gpt(Stream.concat(Stream.of(usual), Stream.of(more)).toArray());
    }

    @Test
    void aModelIsTrainedOnAVocabularyOfItsOwn() throws IOException {
        Command learning = learn("--vocab-size", 264, "--special-token", "<|end|>");

        assertEquals(0, learning.exitCode(), learning::err);
        assertTrue(learning.out().contains("1 file, "), learning::out);
        assertTrue(
                learning.out().contains(learnt + ", 264: 7 learnt, 256 bytes, 1 special"),
                learning::out);
        assertEquals(
                Set.of("<|end|>"), Tokenizer.load(learnt).specialTokens(), "the default is gone");

        Path model = folder.resolve("model");
        Command training = SmallText.train(text, model, "--tokenizer", learnt, "--steps", 2);
        assertEquals(0, training.exitCode(), training::err);
        assertTrue(Files.readString(model.resolve("config.json")).contains("264"));
        assertTrue(Command.gpt("info", "--model", model).out().contains("264"));
        for (String file : new String[] {"tokenizer.json", "vocab.json", "merges.txt"}) {
            assertEquals(-1, Files.mismatch(learnt.resolve(file), model.resolve(file)), file);
        }
        Command writing =
                Command.gpt("generate", "--model", model, "--prompt", "fox", "--max-new-tokens", 3);
        assertEquals(0, writing.exitCode(), writing::err);
    }

    @Test
    void aVocabularyOfItsOwnIsNotTakenForGpt2s() {
        assertEquals(0, learn("--vocab-size", 270).exitCode());
        Path base = folder.resolve("base");
        assertEquals(0, SmallText.train(text, base, "--tokenizer", learnt).exitCode());

        Command command =
                SmallText.train(
                        text, folder.resolve("never"), "--init-from", base, "--tokenizer", "gpt2");

        assertRefused(
                command, "--tokenizer gpt2 contradicts --init-from, whose tokenizer is vocab");
    }

    @Test
    void aTextThatGivesLessIsSaidToDo() {
        Command learning = learn("--vocab-size", 50_000);

        assertEquals(0, learning.exitCode(), learning::err);
        assertTrue(learning.out().contains("fewer than the 50,000 asked for"), learning::out);
    }

    @Test
    void wrongInputIsRefusedAndLeavesWhatIsThere() throws IOException {
        assertEquals(0, learn("--vocab-size", 270).exitCode());
        Set<Path> before = files();
        String tokens = Files.readString(learnt.resolve("tokenizer.json"));

        assertRefused(learn("--vocab-size", 257), "--vocab-size=257 must be 258 to");
        assertRefused(learn("--vocab-size", 300, "--min-frequency", 0), "--min-frequency=0");
        assertRefused(learn("--vocab-size", 300, "--threads", 0), "--threads=0");
        assertRefused(learn("--vocab-size", 300, "--special-token", "a"), "\"a\" is in the voc");
        assertRefused(learn("--vocab-size", 999, "--special-token", "he"), "a part of words");
        assertRefused(learn("--vocab-size", 300, "--data", folder.resolve("no")), "no does not");
        assertRefused(learn("--vocab-size", 300, "--special-token", " "), "white space");
        assertRefused(learn(), "--vocab-size");
        assertRefused(Command.gpt("tokenizer"), "Missing required subcommand");

        assertEquals(before, files());
        assertEquals(tokens, Files.readString(learnt.resolve("tokenizer.json")));
    }

    @Test
    void tokensAreNoTextAndAModelKeepsItsTokenizer() throws IOException {
        Path prepared = folder.resolve("prepared");
        assertEquals(0, Command.gpt("prepare", "--data", text, "--out", prepared).exitCode());
        assertRefused(
                Command.gpt(
                        "tokenizer",
                        "train",
                        "--data",
                        prepared,
                        "--vocab-size",
                        300,
                        "--out",
                        learnt),
                "--data " + prepared + " has tokens already");
        assertFalse(Files.exists(learnt));

        Files.createDirectory(learnt);
        Files.writeString(learnt.resolve("config.json"), "{}");
        assertRefused(learn("--vocab-size", 300), "--out " + learnt + " has a model");
        Files.move(learnt.resolve("config.json"), learnt.resolve("adapter_config.json"));
        assertRefused(learn("--vocab-size", 300), "--out " + learnt + " has a model or an ad");
    }

    @Test
    void aModelGetsSpecialTokensBeforeItIsTunedOnThem() throws IOException {
        Path model = folder.resolve("model");
        Path more = folder.resolve("more");
        learn("--vocab-size", 264);
        SmallText.train(text, model, "--tokenizer", learnt, "--steps", 2);
        Object[] add = {
            "tokenizer", "add", "--model", model, "--special-token", "<|im_start|>", "--out", more
        };

        Command adding = Command.gpt(add);

        assertEquals(0, adding.exitCode(), adding::err);
        assertTrue(adding.out().contains("<|im_start|>, id 264"), adding::out);
        assertTrue(Files.readString(more.resolve("config.json")).contains("\"vocab_size\": 265"));
        assertEquals(265, Tokenizer.load(more).vocabSize());
        Command tuning =
                Command.gpt(
                        "train",
                        "--init-from",
                        more,
                        "--data",
                        text,
                        "--steps",
                        1,
                        "--out",
                        folder.resolve("tuned"),
                        "--batch-size",
                        2,
                        "--eval-batches",
                        1);
        assertEquals(0, tuning.exitCode(), tuning::err);

        assertRefused(
                Command.gpt(
                        "tokenizer",
                        "add",
                        "--model",
                        more,
                        "--special-token",
                        "<|im_start|>",
                        "--out",
                        folder.resolve("again")),
                "in the vocabulary already");
        assertRefused(
                Command.gpt(
                        "tokenizer",
                        "add",
                        "--model",
                        more,
                        "--special-token",
                        "<x>",
                        "--out",
                        more),
                "--out " + more + " is where the model lies");
        assertRefused(
                Command.gpt(
                        "tokenizer",
                        "add",
                        "--model",
                        folder.resolve("no"),
                        "--special-token",
                        "<x>",
                        "--out",
                        more),
                "no does not exist");
        assertFalse(Files.exists(folder.resolve("again")));
    }

    private Set<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(learnt)) {
            return files.collect(Collectors.toSet());
        }
    }
}
