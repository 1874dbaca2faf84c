package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.djlgpt.cli.console.Terminal;
import org.djlgpt.data.TokenFile;
import org.djlgpt.data.Tokens;
import org.djlgpt.text.Gpt2Tokenizer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.imageio.ImageIO;

/** What a person does with the command, one after the other. */
class TrainGenerateEvalInfoTest {

    private static final Set<String> CHARACTER_MODEL =
            Set.of(
                    "char_tokenizer.json",
                    "checkpoint.safetensors",
                    "config.json",
                    "generation_config.json",
                    "loss.png",
                    "metrics.jsonl",
                    "model.safetensors");

    private static final Set<String> GPT2_MODEL =
            Set.of(
                    "checkpoint.safetensors",
                    "config.json",
                    "generation_config.json",
                    "loss.png",
                    "merges.txt",
                    "metrics.jsonl",
                    "model.safetensors",
                    "tokenizer.json",
                    "tokenizer_config.json",
                    "vocab.json");

    @TempDir private static Path folder;
    private static Path text;
    private static Path model;
    private static Command training;

    @BeforeAll
    static void train() {
        text = SmallText.in(folder);
        model = folder.resolve("the model");
        training =
                SmallText.train(
                        text, model, "--steps", 150, "--eval-every", 50, "--learning-rate", 0.01);
    }

    @Test
    void trainingLeavesAWholeModelItsMetricsAndItsCurve() throws IOException {
        assertEquals("", training.err());
        assertEquals(0, training.exitCode());
        assertEquals(CHARACTER_MODEL, files(model));
        List<String> metrics = Files.readAllLines(model.resolve("metrics.jsonl"));
        assertEquals(4, metrics.size());
        for (int i = 0; i < metrics.size(); i++) {
            JsonObject line = JsonParser.parseString(metrics.get(i)).getAsJsonObject();
            assertEquals(50 * i, line.get("step").getAsInt());
        }
        assertNotNull(ImageIO.read(model.resolve("loss.png").toFile()));
    }

    @Test
    void progressIsInPlainLines() {
        List<String> steps = training.out().lines().filter(l -> l.startsWith("step ")).toList();

        assertEquals(4, steps.size(), training.out());
        assertTrue(
                steps.get(0).matches("step +0/150  validation loss \\d\\.\\d{4}, before training"));
        assertTrue(
                steps.get(1)
                        .matches(
                                "step +50/150  validation loss \\d\\.\\d{4}, best  train loss"
                                        + " \\d\\.\\d{4}  [\\d,]+ tokens/s  \\d+:\\d\\d left"),
                steps.get(1));
        assertFalse(training.out().contains("\033"), "an escape code in plain output");
        assertFalse(training.out().contains("\r"), "a carriage return in plain output");
    }

    @Test
    void theLossStandsBesideThoseOfModelsThatKnowNothing() {
        // 26 letters, space, semicolon and newline
        assertEquals(Math.log(29), number("([\\d.]+)  knowing nothing"), 1e-4);
        double unigram = number("([\\d.]+)  knowing how often");
        double loss = number("([\\d.]+)  this model on text");
        assertTrue(unigram > 2.5 && unigram < Math.log(29), training.out());
        assertTrue(loss < 0.6 * unigram, training.out());
    }

    @Test
    void theLossThatIsPrintedIsThatOfTheModelInTheFolder() {
        double printed = number("([\\d.]+)  this model on text");
        double lowest =
                Pattern.compile("step.*validation loss ([\\d.]+)")
                        .matcher(training.out())
                        .results()
                        .mapToDouble(match -> Double.parseDouble(match.group(1)))
                        .min()
                        .orElseThrow();

        assertEquals(lowest, printed);
    }

    @Test
    void theCommandThatWritesMoreSurvivesSpaces() {
        assertTrue(
                training.out()
                        .contains(
                                "mvn -q compile exec:java -Dexec.args=\"generate --model '"
                                        + model
                                        + "' --prompt "),
                training.out());
    }

    @Test
    void theModelContinuesText() {
        Command greedy =
                Command.gpt(
                        "generate",
                        "--model",
                        model,
                        "--prompt",
                        "the quick brown",
                        "--temperature",
                        0,
                        "--max-new-tokens",
                        12);

        assertEquals(0, greedy.exitCode(), greedy.err());
        assertEquals("the quick brown fox jumps o\n", greedy.out().replace("\r\n", "\n"));
        assertTrue(
                greedy.err()
                        .matches(
                                "prompt: 15 tokens, [\\d,]+ tokens/s; first token after [\\d.]+ s;"
                                        + " 12 tokens in [\\d.]+ s, [\\d,]+ tokens/s\\R"),
                greedy.err());
    }

    @Test
    void aSeedRepeatsAText() {
        assertEquals(generate("--seed", 3), generate("--seed", 3));
        assertNotEquals(generate("--seed", 3), generate("--seed", 4));
        assertEquals(generate("--seed", 3), generate("--seed", 3, "--speculate"));
        assertEquals(generate("--seed", 3), generate("--seed", 3, "--draft-model", model));
        assertEquals(
                generate("--seed", 3),
                generate("--seed", 3, "--speculate", "--draft-model", model));
        assertEquals(generate("--seed", -7), generate("--seed", -7));
    }

    @ParameterizedTest
    @CsvSource({
        "'the quick brown fox jumps over the lazy dog!', its token 2 is '!'",
        "the quick brown fox, has a tokenizer of 17 tokens"
    })
    void aDraftModelOfAnotherTokenizerIsRefused(String characters, String said) throws IOException {
        Path other = folder.resolve("draft of " + characters.length());
        Path learned =
                Files.writeString(folder.resolve("other.txt"), (characters + "\n").repeat(60));
        SmallText.train(learned, other, "--steps", 1, "--eval-every", 1);

        Command refused =
                Command.gpt(
                        "generate", "--model", model, "--prompt", "the", "--draft-model", other);

        assertEquals(2, refused.exitCode());
        assertEquals("", refused.out());
        assertTrue(refused.err().contains(said), refused.err());
        assertTrue(refused.err().contains("name a model with the same tokenizer"), refused.err());
    }

    @Test
    void aDraftModelThatIsNoFolderIsRefused() {
        Command refused =
                Command.gpt("generate", "--model", model, "--prompt", "the", "--draft-model", text);

        assertEquals(2, refused.exitCode());
        assertTrue(refused.err().contains("is no folder; name one"), refused.err());
    }

    @Test
    void oneCandidateIsAsGoodAsNoTemperature() {
        assertEquals(generate("--temperature", 0), generate("--top-k", 1, "--temperature", 5));
    }

    @Test
    void textEndsBeforeWhatItIsToldToStopAt() {
        String whole = generate("--temperature", 0);
        String cut = generate("--temperature", 0, "--stop", "zz", "--stop", " over");

        assertTrue(whole.startsWith("fox jumps over"), whole);
        assertEquals("fox jumps", cut.strip());
    }

    @Test
    void severalTextsAreNumbered() {
        String texts = generate("--samples", 3, "--max-new-tokens", 5, "--seed", 1);

        assertTrue(
                texts.matches("(?s)--- 1 of 3\\Rfox.*--- 2 of 3\\Rfox.*--- 3 of 3\\Rfox.*"), texts);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bf16", "fp16", "int8", "int4"})
    void lesserPrecisionsWriteAndAreEvaluated(String precision) {
        Command exact = Command.gpt("eval", "--model", model, "--data", text);
        Command lesser =
                Command.gpt("eval", "--model", model, "--data", text, "--precision", precision);

        double expected = number(exact.out(), "perplexity +([\\d.]+)");
        double perplexity = number(lesser.out(), "perplexity +([\\d.]+)");
        assertEquals(expected, perplexity, 0.01 * expected);
        assertEquals(
                generate("--temperature", 0),
                generate("--temperature", 0, "--precision", precision));
    }

    @Test
    void aPersonAndTheModelWriteInTurn() {
        String[] lines = converse("the quick\nBAD\n/reset\nthe lazy\n/quit\n", "--temperature", 0);

        assertTrue(lines[0].contains("/reset"), lines[0]);
        assertEquals(">  brown", lines[1]);
        assertTrue(lines[2].contains("'B' (U+0042)"), lines[2]);
        assertEquals("> >  dog;", lines[3]);
    }

    @Test
    void anAnswerIsAnotherEachTimeUnlessThereIsASeed() {
        String twice = "the\n/reset\nthe\n";
        Object[] random = {"--temperature", 5, "--max-new-tokens", 40};
        Object[] seeded = {"--temperature", 5, "--max-new-tokens", 40, "--seed", 3};

        assertNotEquals(answers(twice, random).get(0), answers(twice, random).get(0));
        assertEquals(2, Set.copyOf(answers(twice, random)).size());
        assertEquals(1, Set.copyOf(answers(twice, seeded)).size());
        assertEquals(answers(twice, seeded), answers(twice, seeded));
    }

    private static List<String> answers(String person, Object... options) {
        String whole = String.join("\n", converse(person, options));
        return Stream.of(whole.split("\n(> )+")).skip(1).map(String::strip).toList();
    }

    private static String[] converse(String person, Object... options) {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(person.getBytes(StandardCharsets.UTF_8)));
        try {
            Object[] arguments = {
                "generate", "--model", model, "--interactive", "--max-new-tokens", 6
            };
            Command command =
                    Command.gpt(Stream.concat(Stream.of(arguments), Stream.of(options)).toArray());
            assertEquals(0, command.exitCode(), command.err());
            return command.out().split("\\R");
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void aPromptMayBeLongerThanTheContext() {
        Command command =
                Command.gpt("generate", "--model", model, "--prompt", SmallText.TEXT.trim());

        assertEquals(0, command.exitCode(), command.err());
    }

    @Test
    void evaluationCountsBitsForEachByte() {
        Command command = Command.gpt("eval", "--model", model, "--data", text);

        assertEquals(0, command.exitCode(), command.err());
        double loss = number(command.out(), "loss +([\\d.]+) nats");
        assertEquals(Math.exp(loss), number(command.out(), "perplexity +([\\d.]+)"), 2e-3);
        // one byte is one token here
        assertEquals(loss / Math.log(2), number(command.out(), "per byte +([\\d.]+)"), 2e-4);
        assertTrue(
                command.out().contains("2,700 in 224 windows of 12 (2,700 bytes)"), command.out());
    }

    @Test
    void infoAddsUp() {
        Command command = Command.gpt("info", "--model", model);

        assertEquals(0, command.exitCode(), command.err());
        int vocabulary = 29;
        int attention = 4 * 16 * 16 + 16;
        int feedForward = 2 * 16 * 64 + 64 + 16;
        int norms = 3 * 2 * 16;
        assertEquals(16 * vocabulary, (int) number(command.out(), "token embedding +([\\d,]+)"));
        assertEquals(16 * 12, (int) number(command.out(), "position embedding +([\\d,]+)"));
        assertEquals(attention, (int) number(command.out(), "attention +([\\d,]+)"));
        assertEquals(feedForward, (int) number(command.out(), "feed forward +([\\d,]+)"));
        assertEquals(norms, (int) number(command.out(), "norm +([\\d,]+)"));
        assertEquals(
                16 * (vocabulary + 12) + attention + feedForward + norms,
                (int) number(command.out(), "parameters +([\\d,]+)"));
    }

    @Test
    void anotherTokenizerReplacesTheFilesOfTheFirst() throws IOException {
        Path out = folder.resolve("replaced");
        Path little = Files.writeString(folder.resolve("little.txt"), SmallText.TEXT);

        assertEquals(0, SmallText.train(text, out).exitCode());
        assertEquals(CHARACTER_MODEL, files(out));
        assertEquals(0, gpt2(little, out).exitCode());
        assertEquals(GPT2_MODEL, files(out));
        assertTrue(Command.gpt("info", "--model", out).out().contains("50,257"));
        assertEquals(0, SmallText.train(text, out).exitCode());
        assertEquals(CHARACTER_MODEL, files(out));
        assertEquals(0, Command.gpt("info", "--model", out).exitCode());
    }

    @ParameterizedTest
    @CsvSource({"bf16, plain", "fp16, WIDENED", "int8, widened", "int4, packed"})
    void aKernelThatIsAskedForWritesTheSame(String precision, String kernel) {
        Command evaluated =
                Command.gpt(
                        "eval",
                        "--model",
                        model,
                        "--data",
                        text,
                        "--precision",
                        precision,
                        "--kernel",
                        kernel);

        assertEquals(0, evaluated.exitCode(), evaluated::err);
        assertEquals(
                generate("--temperature", 0),
                generate("--temperature", 0, "--precision", precision, "--kernel", kernel));
    }

    @ParameterizedTest
    @CsvSource({"bf16, packed or plain or widened", "int4, packed or widened"})
    void infoTellsTheKernelOfAPrecision(String precision, String kernels) {
        Command command = Command.gpt("info", "--model", model, "--precision", precision);

        assertTrue(
                command.out()
                        .matches(
                                "(?s).*\\Rkernel +(%s): the .*"
                                        .formatted(kernels.replace(" or ", "|"))),
                command.out());
    }

    @Test
    void aFolderOfTextsTrains() throws IOException {
        Path texts = Files.createDirectories(folder.resolve("texts/inner"));
        Files.writeString(texts.resolve("a.txt"), SmallText.TEXT);
        Files.writeString(texts.getParent().resolve("b.txt"), SmallText.TEXT);

        Command command = SmallText.train(texts.getParent(), folder.resolve("of texts"));

        assertEquals(0, command.exitCode(), command.err());
        assertTrue(command.out().contains("4,860 tokens to train on, 540 held out"), command.out());
    }

    @Test
    void tokenFilesTrain() throws IOException {
        Path tokens = Files.createDirectories(folder.resolve("tokens"));
        Tokens ids = Tokens.of(new Gpt2Tokenizer().encode(SmallText.TEXT));
        TokenFile.write(tokens.resolve("train.bin"), ids);
        TokenFile.write(tokens.resolve("val.bin"), ids.slice(0, 50));

        Command two = SmallText.train(tokens, folder.resolve("of two"), "--steps", 1);
        Command one =
                SmallText.train(
                        tokens.resolve("train.bin"), folder.resolve("of one"), "--steps", 1);

        assertEquals(0, two.exitCode(), two.err());
        assertTrue(two.out().contains("50 held out, vocabulary of 50,257"), two.out());
        assertEquals(0, one.exitCode(), one.err());
        assertEquals(GPT2_MODEL, files(folder.resolve("of one")));
    }

    @Test
    void numbersAreTheSameInEveryLocale() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-SA-u-nu-arab"));
        try {
            Command command = SmallText.train(text, folder.resolve("locale"));

            assertEquals(0, command.exitCode(), command.err());
            assertTrue(command.out().chars().allMatch(c -> c < 128), command.out());
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void withoutDataItTrainsOnDjlsSources() {
        Command command =
                Command.gpt(
                        "train",
                        "--out",
                        folder.resolve("embedded"),
                        "--layers",
                        1,
                        "--heads",
                        1,
                        "--embedding-dim",
                        4,
                        "--steps",
                        1,
                        "--batch-size",
                        1,
                        "--eval-batches",
                        1);

        assertEquals(0, command.exitCode(), command.err());
        assertTrue(
                command.out().contains("2,094,341 tokens to train on, 232,704 held out"),
                command.out());
        assertEquals(Math.log(103), number(command.out(), "([\\d.]+)  knowing nothing"), 1e-4);
        assertEquals(3.2093, number(command.out(), "([\\d.]+)  knowing how often"), 1e-4);
    }

    @Test
    void aReaderWhoHasGoneEndsTheCommand() {
        for (String[] command :
                new String[][] {
                    {"--help"},
                    {"train", "--help"},
                    {"generate-completion"},
                    {"info", "--model", model.toString()},
                    {"eval", "--model", model.toString(), "--data", text.toString()},
                    {
                        "generate",
                        "--model",
                        model.toString(),
                        "--prompt",
                        "fox",
                        "--max-new-tokens",
                        "100000000"
                    },
                    {
                        "train",
                        "--data",
                        text.toString(),
                        "--steps",
                        "100000000",
                        "--out",
                        folder.resolve("unread").toString()
                    }
                }) {
            PrintWriter err = new PrintWriter(new StringWriter());
            assertEquals(141, Gpt.run(Terminal.writer(closedPipe()), err, command), command[0]);
        }
    }

    private static PrintStream closedPipe() {
        return new PrintStream(
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("Broken pipe");
                    }
                });
    }

    @Test
    void everyCommandHelps() {
        for (String command : List.of("train", "prepare", "generate", "eval", "info")) {
            Command help = Command.gpt(command, "--help");
            assertEquals(0, help.exitCode());
            assertTrue(help.out().startsWith("Usage: gpt " + command), help.out());
        }
        assertEquals(0, Command.gpt("--help").exitCode());
    }

    private static Command gpt2(Path data, Path out) {
        return SmallText.train(data, out, "--tokenizer", "gpt2", "--steps", 1);
    }

    private static String generate(Object... options) {
        Object[] arguments =
                Stream.concat(
                                Stream.of(
                                        "generate",
                                        "--model",
                                        model,
                                        "--prompt",
                                        "fox",
                                        "--max-new-tokens",
                                        30),
                                Stream.of(options))
                        .toArray();
        Command command = Command.gpt(arguments);
        assertEquals(0, command.exitCode(), command.err());
        return command.out();
    }

    private static double number(String pattern) {
        return number(training.out(), pattern);
    }

    private static double number(String output, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(output);
        assertTrue(matcher.find(), () -> pattern + " is not in\n" + output);
        return Double.parseDouble(matcher.group(1).replace(",", ""));
    }

    private static Set<String> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
