package org.djlgpt.cli;

import static org.djlgpt.cli.Command.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.djlgpt.data.TokenFile;
import org.djlgpt.data.Tokens;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Gpt2Tokenizer;
import org.djlgpt.text.Tokenizer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Texts and tokens as people have them: several files, odd ones, prepared ones. */
class TextDataTest {

    @TempDir private Path folder;
    private Path text;
    private Path run;

    @BeforeEach
    void write() {
        text = SmallText.in(folder);
        run = folder.resolve("run");
    }

    @Test
    void severalTextsAreOneAfterTheOther() throws IOException {
        Path first = write("z.txt", SmallText.TEXT.substring(0, 900));
        Path second = write("texts/a.txt", SmallText.TEXT.substring(900));

        Command several = SmallText.train(first, run, "--data", second.getParent());
        Command one = SmallText.train(text, folder.resolve("one"));

        assertTrained(several);
        assertTrue(several.out().contains("z.txt, "), several::out);
        assertTrue(several.out().contains("2 files, 2,700 bytes: 2 as plain text\n"), several::out);
        assertTrue(one.out().contains("1 file, 2,700 bytes: 1 as plain text\n"), one::out);
        assertSameModel(folder.resolve("one"), run);
    }

    @Test
    void aFolderSaysWhatItLeavesOut() throws IOException {
        write("texts/a.txt", SmallText.TEXT);
        for (int i = 0; i < 7; i++) {
            Files.write(folder.resolve("texts/" + i + ".png"), new byte[] {(byte) 0x89, 'P'});
        }

        Command command = SmallText.train(folder.resolve("texts"), run);
        Command strict = SmallText.train(folder.resolve("texts"), run, "--strict");
        Command chosen =
                SmallText.train(folder.resolve("texts"), run, "--strict", "--exclude", "*.png");

        assertTrained(command);
        assertTrue(command.err().startsWith("gpt: 7 files left out: "), command::err);
        assertTrue(command.err().contains("4.png is not UTF-8 at byte offset 0"), command::err);
        assertTrue(command.err().endsWith("(0x89), and 2 more\n"), command::err);
        assertEquals(2, strict.exitCode());
        assertTrue(strict.err().contains("0.png is not UTF-8"), strict::err);
        assertTrue(strict.err().contains("and 6 more; exclude what is no text"), strict::err);
        assertTrained(chosen);
        assertEquals("", chosen.err());
    }

    @Test
    void itSaysWhatFilesWereTakenFor() throws IOException {
        write("texts/a.csv", "fox,dog\n".repeat(99));
        write("texts/b.jsonl", "{\"text\": \"<|endoftext|> fox\"}\n".repeat(99));

        Command command =
                SmallText.train(folder.resolve("texts"), run, "--tokenizer", "gpt2", "--steps", 1);

        assertTrained(command);
        assertTrue(
                command.out()
                        .contains(
                                "2 files, 2,475 bytes: 1 as JSON lines with a document each,"
                                        + " 1 as plain text (.csv)\n"),
                command::out);
        assertTrue(
                command.out()
                        .contains(
                                "99 places of the text spell special tokens such as"
                                        + " <|endoftext|>, taken as letters\n"),
                command::out);
        Command eval = Command.gpt("eval", "--model", run, "--data", folder.resolve("texts"));
        assertTrue(
                eval.out().contains("text           2 files, 2,475 bytes: 1 as JSON lines"),
                eval::out);
        assertTrue(eval.out().contains("99 places of the text spell special"), eval::out);
    }

    @Test
    void whatIsHeldOutMayBeChosen() throws IOException {
        Path other = write("other.txt", "the lazy fox; the dog\n".repeat(30));

        Command share = SmallText.train(text, run, "--validation-share", 0.25);
        Command validation = SmallText.train(text, run, "--validation", other);
        Command both =
                SmallText.train(text, run, "--validation", other, "--validation-share", 0.25);

        assertTrue(share.out().contains("2,025 tokens to train on, 675 held out"), share::out);
        assertTrue(
                validation.out().contains("2,700 tokens to train on, 660 held out"),
                validation::out);
        assertTrue(validation.out().contains("held out: 1 file, 660 bytes"), validation::out);
        assertRefused(both, "--validation-share=0.25 does not go with --validation");
    }

    @Test
    void aRunGoesOnWithTheSameTexts() throws IOException {
        Path first = write("1.txt", SmallText.TEXT);
        Path second = write("texts/2.txt", SmallText.TEXT);
        write("texts/3.log", "NOT THIS");
        Path other = write("other.txt", "the lazy fox; the dog\n".repeat(30));
        assertTrained(
                SmallText.train(
                        first,
                        run,
                        "--data",
                        second.getParent(),
                        "--include=*.txt",
                        "--validation",
                        other));
        Path moved = Files.move(other, folder.resolve("moved.txt"));

        assertRefused(resume(), "other.txt does not exist");
        Command goesOn = resume("--validation", moved, "--steps", 25);
        assertTrained(goesOn);
        assertTrue(goesOn.out().contains("5,400 tokens to train on, 660 held out"), goesOn::out);
        assertRefused(resume("--validation", second), "validation data are ");
        assertRefused(resume("--validation", moved, "--data", first), "training data are ");
        assertRefused(
                resume("--validation-share", 0.2),
                "--validation-share=0.2 does not go with --validation");
    }

    @Test
    void aRunGoesOnWithTheSameShare() {
        assertTrained(SmallText.train(text, run, "--validation-share", 0.25));

        Command goesOn = resume("--steps", 25);
        assertTrained(goesOn);
        assertTrue(goesOn.out().contains("675 held out"), goesOn::out);
        assertRefused(resume("--validation-share", 0.2), "give the same data");
    }

    @Test
    void charactersThatTheModelDoesNotKnowAreLeftOut() throws IOException {
        assertTrained(SmallText.train(text, run));
        Path windows = write("windows.txt", SmallText.TEXT.replace("\n", "\r\n") + "É");

        Command known = Command.gpt("eval", "--model", run, "--data", text);
        Command eval = Command.gpt("eval", "--model", run, "--data", windows);

        String leftOut =
                "gpt: 61 characters of the text are unknown to the tokenizer and left out:"
                        + " (U+000D) 60 times, 'É' (U+00C9)\n";
        assertEquals(leftOut, eval.err());
        assertEquals(known.out().replace("2,700 bytes: 1", "2,762 bytes: 1"), eval.out());
        Command further = SmallText.train(windows, folder.resolve("more"), "--init-from", run);
        assertTrained(further);
        assertEquals(leftOut, further.err());
        assertEquals(29, Tokenizer.load(folder.resolve("more")).vocabSize());
    }

    @Test
    void aPromptIsReadWithoutWhatTheModelDoesNotKnow() {
        assertTrained(SmallText.train(text, run));

        Command command =
                Command.gpt("generate", "--model", run, "--prompt", "the Fox", "--seed", 1);
        Command same = Command.gpt("generate", "--model", run, "--prompt", "the ox", "--seed", 1);

        assertEquals(0, command.exitCode(), command::err);
        assertEquals(same.out(), command.out());
        assertTrue(
                command.err()
                        .startsWith(
                                "gpt: 1 character of the text is unknown to the tokenizer and left"
                                        + " out: 'F' (U+0046)\n"),
                command::err);
    }

    @Test
    void aTextOfOneCharacterHasNoPercentage() throws IOException {
        Command command = SmallText.train(write("a.txt", "a".repeat(200)), run, "--steps", 2);

        assertTrained(command);
        assertFalse(command.out().contains("NaN %"), command::out);
        assertTrue(command.out().contains("not seen, where every token is the same"));
    }

    @Test
    void nanoGptsFolderOfCharactersHasTheirNames() throws IOException {
        Path data = Files.createDirectories(folder.resolve("shakespeare_char"));
        try (InputStream pickle = Tokenizer.class.getResourceAsStream("corpus/meta-4.pkl")) {
            Files.copy(pickle, data.resolve("meta.pkl"));
        }
        Tokens ids = Tokens.of(IntStream.range(0, 2000).map(i -> i % 5).toArray());
        TokenFile.write(data.resolve("train.bin"), ids);
        TokenFile.write(data.resolve("val.bin"), ids.slice(0, 100));

        Command command = SmallText.train(data, run);

        assertTrained(command);
        assertTrue(command.out().contains("100 held out, vocabulary of 296"), command::out);
        CharTokenizer tokenizer = (CharTokenizer) Tokenizer.load(run);
        assertEquals("\n !Za", tokenizer.decode(0, 1, 2, 3, 4));
        assertTrained(SmallText.train(data.resolve("train.bin"), run, "--tokenizer", "char"));
        assertRefused(SmallText.train(data, run, "--tokenizer", "gpt2"), "(char, 296 ids)");
        assertEquals(
                0,
                Command.gpt("eval", "--model", run, "--data", data.resolve("val.bin")).exitCode());
    }

    @ParameterizedTest
    @CsvSource({"char, 0.1, 1", "gpt2, 0.1, 2", "char, 0.3, 2"})
    void whatIsPreparedTrainsAsTheTextDoes(String tokenizer, double share, int threads)
            throws IOException {
        Path prepared = folder.resolve("prepared");

        Command prepare =
                Command.gpt(
                        "prepare",
                        "--data=" + text,
                        "--out=" + prepared,
                        "--tokenizer=" + tokenizer,
                        "--validation-share=" + share,
                        "--threads=" + threads);

        assertEquals(0, prepare.exitCode(), prepare::err);
        assertTrue(prepare.out().contains("1 file, 2,700 bytes: 1 as plain text"), prepare::out);
        assertTrue(prepare.out().contains("\"train --data " + prepared + "\""), prepare::out);
        assertTrained(SmallText.train(prepared, run, "--steps", 3));
        assertTrained(
                SmallText.train(
                        text,
                        folder.resolve("one"),
                        "--tokenizer=" + tokenizer,
                        "--validation-share=" + share,
                        "--steps=3"));
        assertSameModel(folder.resolve("one"), run);
    }

    @Test
    void preparingTakesTheTokenizerOfAFolder() throws IOException {
        CharTokenizer.fromText("abcdefghijklmnopqrstuvwxyz").save(folder.resolve("letters"));
        Path prepared = folder.resolve("prepared");
        Path other = write("other.txt", "lazy fox");

        Command command =
                Command.gpt(
                        "prepare",
                        "--data=" + text,
                        "--validation=" + other,
                        "--out=" + prepared,
                        "--tokenizer=" + folder.resolve("letters"));

        assertEquals(0, command.exitCode(), command::err);
        assertTrue(command.err().contains("'\\n' (U+000A)") || command.err().contains("(U+000A)"));
        assertEquals(26, Tokenizer.load(prepared).vocabSize());
        assertEquals(7, TokenFile.open(prepared.resolve("val.bin")).size());
        assertEquals(Set.of("char_tokenizer.json", "train.bin", "val.bin"), files(prepared));
    }

    @Test
    void preparingReplacesWhatWasPreparedAndNothingElse() throws IOException {
        Path prepared = Files.createDirectories(folder.resolve("prepared"));
        for (String name : List.of("meta.pkl", "train.bin", "vocab.json", "notes.txt")) {
            Files.writeString(prepared.resolve(name), "old");
        }
        Path model = Files.createDirectories(folder.resolve("model"));
        Files.writeString(model.resolve("config.json"), "{}");

        Object[] command = {"prepare", "--data", text, "--out", prepared};
        assertRefused(Command.gpt("prepare", "--data", "none", "--out", prepared), "none does not");
        assertTrue(files(prepared).contains("meta.pkl"));
        assertEquals(0, Command.gpt(command).exitCode());

        assertEquals(
                Set.of("char_tokenizer.json", "notes.txt", "train.bin", "val.bin"),
                files(prepared));
        assertRefused(
                Command.gpt("prepare", "--data", prepared, "--out", folder.resolve("again")),
                "has tokens already");
        assertRefused(Command.gpt("prepare", "--data", text, "--out", model), "has a model");
        assertRefused(
                Command.gpt("prepare", "--data", text, "--out", prepared, "--threads", 0),
                "--threads=0 must lie in 1 to 1024");
        assertRefused(
                Command.gpt("prepare", "--data", write("s", "short"), "--out", prepared),
                "there are 0 tokens to write to");
        assertEquals(270, TokenFile.open(prepared.resolve("val.bin")).size());
    }

    @Test
    void tokensOfSeveralFilesAreOneAfterTheOther() throws IOException {
        Tokens ids = Tokens.of(new Gpt2Tokenizer().encode(SmallText.TEXT));
        Path first = folder.resolve("1.bin");
        Path second = folder.resolve("2.bin");
        TokenFile.write(first, ids.slice(0, 100));
        TokenFile.write(second, ids.slice(100, ids.size()));

        Command several = SmallText.train(first, run, "--data", second, "--steps", 1);
        Command apart = SmallText.train(second, run, "--validation", first, "--steps", 1);

        assertTrained(several);
        assertTrue(
                several.out().contains(ids.size() / 10 + " held out, vocabulary of 50,257"),
                several::out);
        assertTrue(apart.out().contains("100 held out, vocabulary of 50,257"), apart::out);
        assertRefused(SmallText.train(first, run, "--data", text), "small.txt is no token file");
        assertRefused(
                SmallText.train(text, run, "--validation", first),
                "has tokens, but --data is text");
        assertRefused(
                SmallText.train(first, run, "--validation", text), "small.txt is no token file");
    }

    @Test
    void whatBringsItsOwnValidationTakesNoOther() {
        Path prepared = folder.resolve("prepared");
        assertEquals(0, Command.gpt("prepare", "--data", text, "--out", prepared).exitCode());

        for (String more : List.of("--validation-share=0.2", "--data=" + prepared)) {
            assertRefused(SmallText.train(prepared, run, more), "has what is held out in it");
        }
        Path part = prepared.resolve("train.bin");
        assertTrained(SmallText.train(part, run, "--validation-share=0.2", "--steps=1"));
    }

    @Test
    void tokensOfAnotherTokenizerAreNotEvaluated() throws IOException {
        assertTrained(SmallText.train(text, run, "--steps", 1));
        Path prepared = folder.resolve("prepared");
        Path other = write("other.txt", SmallText.TEXT.replace('f', 'b'));
        for (Path data : List.of(text, other)) {
            assertEquals(0, Command.gpt("prepare", "--data", data, "--out", prepared).exitCode());
            Command eval =
                    Command.gpt("eval", "--model", run, "--data", prepared.resolve("val.bin"));
            assertEquals(data == text ? 0 : 2, eval.exitCode());
            assertTrue(data == text || eval.err().contains("of the tokenizer beside it (char, 28"));
        }
    }

    @Test
    void theTokensOfALargeTextLieBesideTheRun() throws IOException {
        Path large = write("large.txt", SmallText.TEXT.repeat(6300)); // 17 million bytes
        Path prepared = folder.resolve("prepared");

        assertTrained(SmallText.train(large, run, "--steps", 2));
        assertEquals(0, Command.gpt("prepare", "--data", large, "--out", prepared).exitCode());
        assertTrained(SmallText.train(prepared, folder.resolve("one"), "--steps", 2));

        assertEquals(
                Set.of("char_tokenizer.json", "train.bin", "val.bin"),
                files(run.resolve("tokens")));
        assertFalse(Files.exists(folder.resolve("one/tokens")));
        assertSameModel(folder.resolve("one"), run);
        assertTrained(resume("--steps", 3));
        Files.writeString(run.resolve("tokens/notes.txt"), "mine");
        assertTrained(SmallText.train(text, run, "--steps", 2));
        assertEquals(Set.of("notes.txt"), files(run.resolve("tokens")));
    }

    private Command resume(Object... more) {
        return Command.gpt(
                Stream.concat(Stream.of("train", "--resume", run), Stream.of(more)).toArray());
    }

    private Path write(String name, String content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content);
    }

    private static void assertTrained(Command command) {
        assertEquals(0, command.exitCode(), command::err);
    }

    /** The weights follow from the windows, to the last bit. */
    private static void assertSameModel(Path expected, Path actual) throws IOException {
        for (String name : List.of("model.safetensors", "config.json")) {
            assertArrayEquals(
                    Files.readAllBytes(expected.resolve(name)),
                    Files.readAllBytes(actual.resolve(name)));
        }
    }

    private static Set<String> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }
}
