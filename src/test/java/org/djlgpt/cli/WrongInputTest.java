package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.engine.Engine;

import org.djlgpt.testing.OnCpu;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Wrong input gets one clear line and exit code 2, and leaves everything as it was. */
@OnCpu("a refusal says how much memory this machine has")
class WrongInputTest {

    @TempDir private static Path folder;
    private static Path text;
    private static Path trained;

    @BeforeAll
    static void train() {
        text = SmallText.in(folder);
        trained = folder.resolve("trained");
        assertEquals(0, SmallText.train(text, trained).exitCode());
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "--heads             | 3          | --heads=3 must divide --embedding-dim=16; use"
                        + " --heads=2 or 4",
                "--heads             | 0          | --heads=0 must be at least 1",
                "--heads             | -2         | --heads=-2 must be at least 1",
                "--layers            | 0          | --layers=0 must be at least 1",
                "--context-length    | 0          | --context-length=0 must be at least 1",
                "--steps             | -5         | --steps=-5 must be at least 1",
                "--steps             | 0          | --steps=0 must be at least 1",
                "--steps             | many       | 'many' is no whole number from -2147483648"
                        + " to",
                "--steps             | 3000000000 | '3000000000' is no whole number from",
                "--batch-size        | 0          | --batch-size=0 must be at least 1",
                "--eval-every        | 0          | --eval-every=0 must be at least 1",
                "--dropout           | 1          | --dropout=1.0 must lie in [0, 1)",
                "--dropout           | -0.1       | --dropout=-0.1 must lie in [0, 1)",
                "--dropout           | NaN        | --dropout=NaN must lie in [0, 1)",
                "--learning-rate     | NaN        | --learning-rate=NaN must be finite",
                "--learning-rate     | -1         | --learning-rate=-1.0 must be finite",
                "--min-learning-rate | 1          | --min-learning-rate=1.0 must lie between 0 and"
                        + " --learning-rate=0.001",
                "--warmup-steps      | 21         | --warmup-steps=21 must lie between 0 and"
                        + " --decay-steps=20",
                "--decay-steps       | -1         | --warmup-steps=0 must lie between 0 and",
                "--checkpoint-every  | 0          | --checkpoint-every=0 must be at least 1",
                "--skip-bad-steps    | -1         | --skip-bad-steps=-1 must be at least 0",
                "--resume            | nowhere    | --out does not go with --resume",
                "--beta1             | 1          | --beta1=1.0 must lie in [0, 1)",
                "--clip-norm         | -1         | --clip-norm=-1.0 must be finite and at least 0",
                "--context-length    | 270        | has 270 tokens, fewer than the 271 of one"
                        + " window (--context-length=270",
                "--context-length    | 2000000000 | has 2430 tokens, fewer than the 2000000001 of"
                        + " one window",
                "--embedding-dim     | 100000000  | --embedding-dim, --layers, --context-length or"
                        + " --batch-size",
                "--embedding-dim     | 2147483646 | GiB of memory, but this machine has",
                "--layers            | 2147483647 | GiB of memory, but this machine has",
                "--device            | tpu        | --device tpu is unknown; use auto, cpu, gpu or"
                        + " gpu0",
                "--tokenizer         | bpe        | 'bpe' is neither char nor gpt2 nor a folder"
                        + " with a tokenizer",
                "--validation-share  | 0          | --validation-share=0.0 must lie between 0 and"
                        + " 1",
                "--validation-share  | 1          | --validation-share=1.0 must lie between 0 and"
                        + " 1",
                "--validation-share  | NaN        | --validation-share=NaN must lie between 0 and"
                        + " 1",
                "--validation        | missing    | missing does not exist",
                "--family            | bert       | expected one of [GPT2, LLAMA]",
                "--kv-heads          | 1          | --kv-heads=1 is not for --family gpt2, where"
                        + " every head has keys of its own; leave it out, or take --family llama",
                "--rope-base         | 500        | --rope-base=500.0 is not for --family gpt2",
                "--activation        | tanh       | expected one of [GELU_TANH, GELU, RELU, SILU]",
                "--hidden-dim        | 0          | --hidden-dim=0 must be at least 1",
                "--colour            | red        | Unknown options: '--colour', 'red'"
            })
    void trainRefuses(String option, String value, String message) throws IOException {
        Path out = folder.resolve("never");

        Command command = SmallText.train(text, out, option, value);

        assertRefused(command, message);
        assertFalse(Files.exists(out), "a start that failed left a folder");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "--kv-heads 3 --heads 8  | --kv-heads=3 must divide --heads=8; use --kv-heads=2 or"
                        + " 4",
                "--kv-heads 0            | --kv-heads=0 must be at least 1",
                "--kv-heads 4            | --kv-heads=4 must divide --heads=2; use --kv-heads=2",
                "--heads 16              | --embedding-dim=16 gives each of --heads=16 a width of"
                        + " 1, which must be even for rotary positions; use --embedding-dim=32",
                "--embedding-dim 10      | gives each of --heads=2 a width of 5, which must be"
                        + " even",
                "--heads 3               | --heads=3 must divide --embedding-dim=16",
                "--rope-base 1           | --rope-base=1.0 must be above 1; use 10000",
                "--rope-base NaN         | --rope-base=NaN must be above 1; use 10000",
                "--hidden-dim -8         | --hidden-dim=-8 must be at least 1",
                "--dropout 1             | --dropout=1.0 must lie in [0, 1)",
                "--qkv-bias              | --qkv-bias is not for --family llama",
                "--activation relu       | --activation=relu is not for --family llama, which has"
                        + " a gate with SiLU; leave it out",
                "--hidden-dim 2147483647 --layers 2147483647 | but this machine has"
            })
    void trainRefusesALlamaThatIsNone(String options, String message) {
        Path out = folder.resolve("never");
        List<Object> more = new ArrayList<>(List.of("--family", "llama"));
        more.addAll(List.of(options.split(" ")));

        assertRefused(SmallText.train(text, out, more.toArray()), message);

        assertFalse(Files.exists(out), "a start that failed left a folder");
    }

    @Test
    void trainRefusesAGpuThatIsNotThere() {
        assumeTrue(Engine.getInstance().getGpuCount() == 0, "there is a GPU");

        assertRefused(
                SmallText.train(text, folder.resolve("never"), "--device", "gpu0"),
                "--device gpu0 is not there: 0 GPUs found; use cpu");
    }

    @Test
    void trainRefusesDataThatIsNoText() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty.txt"), "");
        Path shorter = Files.writeString(folder.resolve("short.txt"), "hello");
        Path latin =
                Files.write(folder.resolve("latin.txt"), new byte[] {'a', 'b', (byte) 0xE9, 'c'});
        Path nothing = Files.createDirectories(folder.resolve("nothing"));
        Path odd = Files.write(folder.resolve("odd.bin"), new byte[] {1, 2, 3});
        Path unknown = Files.write(folder.resolve("unknown.bin"), new byte[] {-1, -1, 0, 0});

        assertDataRefused(empty, "empty.txt is empty; give a file with text");
        assertDataRefused(shorter, "has 5 tokens, fewer than the 13 of one window");
        assertDataRefused(latin, "latin.txt is not UTF-8 at byte offset 2 (0xE9)");
        assertDataRefused(nothing, "nothing holds no text; add a text file");
        assertDataRefused(odd, "odd.bin has 3 bytes");
        assertDataRefused(unknown, "token id=65535 at position 0");
        assertDataRefused(folder.resolve("missing.txt"), "missing.txt does not exist");
        assertDataRefused(folder.resolve("missing.bin"), "missing.bin does not exist");
    }

    @Test
    void trainRefusesCharactersForIds() throws IOException {
        Path ids = Files.write(folder.resolve("ids.bin"), new byte[400]);

        assertRefused(
                SmallText.train(ids, folder.resolve("never"), "--tokenizer", "char"),
                "whose ids are GPT-2's; use --tokenizer gpt2");
    }

    @Test
    void trainRefusesAFolderThatCanNotBeWritten() {
        assertRefused(SmallText.train(text, text), "small.txt can't be written (");
        assertRefused(SmallText.train(text, text), "small.txt: is a file)");
        assertRefused(
                SmallText.train(text, text.resolve("below")),
                "name a folder that you may write to");
        assertEquals(SmallText.TEXT, read(text));
    }

    @Test
    void whatIsInTheWayOfAFolderIsNamed() throws IOException {
        Path loop = Files.createSymbolicLink(folder.resolve("loop"), Path.of("loop"));
        Path below = text.resolve("below");

        for (Path out : List.of(text, below, loop)) {
            String refused = "--out " + out + " can't be a folder: ";
            assertRefused(
                    Command.gpt(
                            "tokenizer",
                            "train",
                            "--data",
                            text,
                            "--vocab-size",
                            260,
                            "--out",
                            out),
                    refused);
            assertRefused(Command.gpt("prepare", "--data", text, "--out", out), refused);
            assertRefused(
                    Command.gpt(
                            "tokenizer",
                            "add",
                            "--model",
                            trained,
                            "--special-token",
                            "<x>",
                            "--out",
                            out),
                    refused);
        }
        assertRefused(
                Command.gpt("prepare", "--data", loop, "--out", folder.resolve("never")),
                loop + " is a link that leads nowhere");
        assertRefused(SmallText.train(text, loop), "is a link that leads nowhere");
    }

    @Test
    void aFolderOfTokensIsNoText() throws IOException {
        Path tokens = folder.resolve("tokens");
        assertEquals(0, Command.gpt("prepare", "--data", text, "--out", tokens).exitCode());

        assertRefused(
                Command.gpt("eval", "--model", trained, "--data", tokens),
                "is a folder of tokens; name one of its files, such as "
                        + tokens.resolve("val.bin"));
    }

    @Test
    void whatCanNotBePreparedLeavesNoFolder() throws IOException {
        Path never = folder.resolve("never");
        Path letter = Files.writeString(folder.resolve("letter.txt"), "a");

        Command command = Command.gpt("prepare", "--data", letter, "--out", never);

        assertRefused(command, "0 tokens to write to val.bin; give at least 1");
        assertFalse(Files.exists(never));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"--heads=3", "--embedding-dim=100000000", "--data=missing", "--steps=x"})
    void aStartThatFailsLeavesTheEarlierModelAlone(String wrong) throws IOException {
        List<Long> before = sizesAndTimes(trained);

        assertEquals(2, SmallText.train(text, trained, wrong).exitCode());

        assertEquals(before, sizesAndTimes(trained));
    }

    @Test
    void aRunThatDivergesAtOnceLeavesTheEarlierRunAlone() throws IOException {
        List<Long> before = sizesAndTimes(trained);

        Command command =
                SmallText.train(text, trained, "--learning-rate", "1e30", "--clip-norm", 0);

        assertRefused(command, "lower the learning rate (1.0E30)");
        assertEquals(before, sizesAndTimes(trained));
        assertEquals(0, Command.gpt("info", "--model", trained).exitCode());
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "--top-k          | 0   | --top-k=0 must be at least 1",
                "--temperature    | -1  | --temperature=-1.0 must be finite and at least 0",
                "--temperature    | NaN | --temperature=NaN must be finite and at least 0",
                "--max-new-tokens | 0   | --max-new-tokens=0 must be at least 1",
                "--prompt         | ''  | the prompt is empty; give at least one character",
                "--prompt         | €   | '€' (U+20AC)",
                "--device         | tpu | --device tpu is unknown",
                "--seed           | x   | 'x' is no whole number"
            })
    void generateRefuses(String option, String value, String message) {
        assertRefused(
                Command.gpt("generate", "--model", trained, "--prompt", "fox", option, value),
                message);
    }

    @Test
    void evalRefusesDataThatDoesNotFitTheModel() throws IOException {
        Path capitals = Files.writeString(folder.resolve("capitals.txt"), "THE FOX");
        Path one = Files.writeString(folder.resolve("one.txt"), "t");
        Path ids = Files.write(folder.resolve("other.bin"), new byte[] {40, 0, 41, 0});

        assertRefused(eval(capitals), "capitals.txt has 1 token, but needs 2 to predict one");
        assertRefused(eval(one), "one.txt has 1 token, but needs 2 to predict one");
        assertRefused(eval(ids), "token id=40 at position 0 is not below vocabSize=29");
        assertRefused(eval(folder.resolve("missing.txt")), "missing.txt does not exist");
        assertRefused(eval(text, "--batch-size", 0), "--batch-size=0 must be at least 1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "model.safetensors", "char_tokenizer.json"})
    void aModelFolderWithAPartMissingOrDamagedIsRefused(String part) throws IOException {
        Path missing = copy(trained, "without " + part);
        Files.delete(missing.resolve(part));
        Path empty = copy(trained, "with an empty " + part);
        Files.write(empty.resolve(part), new byte[0]);
        Path half = copy(trained, "with half of " + part);
        byte[] whole = Files.readAllBytes(trained.resolve(part));
        Files.write(half.resolve(part), Arrays.copyOf(whole, whole.length / 2));

        for (Path broken : List.of(missing, empty, half)) {
            if (broken != missing || !part.equals("char_tokenizer.json")) {
                assertRefused(
                        Command.gpt("info", "--model", broken), broken.getFileName().toString());
            }
            assertEquals(
                    2, Command.gpt("generate", "--model", broken, "--prompt", "fox").exitCode());
            assertEquals(2, Command.gpt("eval", "--model", broken, "--data", text).exitCode());
        }
    }

    @Test
    void infoNeedsNoTokenizer() throws IOException {
        Path wordless = copy(trained, "wordless");
        Files.delete(wordless.resolve("char_tokenizer.json"));

        Command command = Command.gpt("info", "--model", wordless);

        assertEquals(0, command.exitCode(), command::err);
        assertTrue(command.out().contains("tokenizer             none in"), command::out);
    }

    @Test
    void aModelFolderThatIsNoneIsRefused() {
        assertRefused(
                Command.gpt("info", "--model", folder.resolve("nowhere")),
                "nowhere is no folder; name one that gpt train has left");
        assertRefused(Command.gpt("info", "--model", text), "small.txt is no folder");
        assertRefused(Command.gpt("info", "--model", folder), "config.json: is missing");
        assertRefused(
                Command.gpt("generate", "--model", folder, "--prompt", "fox"),
                "holds no tokenizer");
    }

    @ParameterizedTest(name = "gpt {0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "trian                | Unmatched argument at index 0: 'trian' | gpt train?",
                "--stpes 3            | Unknown options: '--stpes', '3'        | --steps",
                "info --modle runs    | Unknown options: '--modle', 'runs'     | --model",
                "generate --hepl      | Unknown option: '--hepl'               | --help",
                "train --layrs=3      | Unknown option: '--layrs=3'            | --layers"
            })
    void aNearMissGetsASuggestion(String line, String message, String suggestion) {
        Command command = Command.gpt((Object[]) line.split(" "));

        assertRefused(command, message);
        assertTrue(command.err().lines().toList().get(1).contains(suggestion), command::err);
    }

    @Test
    void anOptionThatIsMissingIsNamed() {
        assertRefused(Command.gpt("generate", "--prompt", "fox"), "option: '--model=DIR'");
        assertRefused(Command.gpt("eval", "--model", trained), "--data is missing; give a text");
    }

    private static void assertRefused(Command command, String message) {
        Command.assertRefused(command, message);
        assertTrue(command.err().lines().count() <= 3, command::err);
    }

    private static void assertDataRefused(Path data, String message) {
        Path out = folder.resolve("never");

        assertRefused(SmallText.train(data, out), message);

        assertFalse(Files.exists(out), "a start that failed left a folder");
    }

    private static Command eval(Path data, Object... more) {
        return Command.gpt(
                Stream.concat(
                                Stream.of("eval", "--model", trained, "--data", data),
                                Stream.of(more))
                        .toArray());
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static List<Long> sizesAndTimes(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted()
                    .flatMap(f -> Stream.of(f.toFile().length(), f.toFile().lastModified()))
                    .toList();
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "--top-p 0              | --top-p=0.0 must be above 0",
                "--top-p 1.5            | --top-p=1.5 must be above 0",
                "--min-p 2              | --min-p=2.0 must lie in 0 to 1",
                "--repetition-penalty 0 | --repetition-penalty=0.0 must be above 0",
                "--threads 0            | --threads=0 must lie in 1 to 1024",
                "--samples 0            | --samples=0 must be at least 1",
                "--samples 2 --interactive | --samples 2 does not fit --interactive",
                "--precision fp8        | Invalid value for option '--precision'",
                "--kernel fast          | Invalid value for option '--kernel'",
                "--kernel packed        | --kernel=packed does not know weights in fp32; use plain",
                "--kernel plain --precision int4 | in int4; use packed or widened",
                "--stop=                | a stop string is empty"
            })
    void optionsOfGenerateThatMeanNothingAreNamed(String options, String message) {
        List<String> arguments =
                new ArrayList<>(List.of("generate", "--model", trained.toString()));
        arguments.addAll(List.of("--prompt", "fox"));
        arguments.addAll(List.of(options.split(" ")));
        Command command = Command.gpt(arguments.toArray());

        assertEquals(2, command.exitCode());
        assertTrue(command.err().contains(message), command.err());
        assertEquals("", command.out());
    }

    @Test
    void aPromptIsNeededUnlessAPersonWrites() {
        Command command = Command.gpt("generate", "--model", trained);

        assertEquals(2, command.exitCode());
        assertTrue(command.err().contains("--prompt is missing"), command.err());
    }

    private static Path copy(Path model, String name) throws IOException {
        Path copy = Files.createDirectories(folder.resolve(name));
        try (Stream<Path> files = Files.list(model)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }
}
