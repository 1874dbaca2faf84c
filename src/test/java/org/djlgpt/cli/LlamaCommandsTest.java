package org.djlgpt.cli;

import static org.djlgpt.cli.Command.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.testing.OnCpu;
import org.djlgpt.text.CharTokenizer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What a person does with the command and a Llama, one after the other. */
class LlamaCommandsTest {

    private static final List<Object> LLAMA =
            List.of(
                    "--family",
                    "llama",
                    "--heads",
                    4,
                    "--kv-heads",
                    2,
                    "--hidden-dim",
                    24,
                    "--rope-base",
                    500,
                    "--dropout",
                    0.1,
                    "--learning-rate",
                    0.02,
                    "--decay-steps",
                    150);

    @TempDir private static Path folder;
    private static Path text;
    private static Path model;
    private static Command training;

    @BeforeAll
    static void train() {
        text = SmallText.in(folder);
        model = folder.resolve("llama");
        training = train(model, "--steps", 150, "--eval-every", 50);
        assertEquals(0, training.exitCode(), training::err);
    }

    @Test
    void itIsWhatItWasToldToBe() throws Exception {
        LlamaConfig expected =
                LlamaConfig.builder()
                        .setVocabSize(29)
                        .setContextLength(12)
                        .setEmbeddingDim(16)
                        .setNumHeads(4)
                        .setNumLayers(1)
                        .optNumKeyValueHeads(2)
                        .optHiddenDim(24)
                        .optRopeBase(500)
                        .optDropout(0.1f)
                        .build();

        LlamaConfig trained = (LlamaConfig) ModelDirectory.config(model);

        assertEquals(expected.toString(), withoutOthers(trained).toString());
        assertTrue(
                training.out().contains("layers 1, heads 4 on 2 keys, dimensions 16"),
                training::out);
    }

    @Test
    void whatIsLeftOutIsTheLibrarysDefault() throws Exception {
        Path plain = folder.resolve("plain");
        assertEquals(0, SmallText.train(text, plain, "--family", "llama", "--steps", 1).exitCode());
        LlamaConfig expected =
                LlamaConfig.builder()
                        .setVocabSize(29)
                        .setContextLength(12)
                        .setEmbeddingDim(16)
                        .setNumHeads(2)
                        .setNumLayers(1)
                        .build();

        LlamaConfig trained = (LlamaConfig) ModelDirectory.config(plain);

        assertEquals(expected, withoutOthers(trained));
    }

    @Test
    void itLearnsTheText() {
        double unigram = number(training, "([\\d.]+)  knowing how often");
        assertTrue(number(training, "([\\d.]+)  this model on text") < 0.6 * unigram);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fp32", "bf16", "fp16", "int8", "int4"})
    void everyPrecisionWritesAndIsEvaluated(String precision) {
        Command written = generate("--precision", precision, "--prompt", "the quick brown");
        Command evaluated = evaluate("--precision", precision);

        assertEquals("the quick brown fox jumps o", written.out().strip());
        double perplexity = number(evaluated, "perplexity +([\\d.]+)");
        assertEquals(number(evaluate(), "perplexity +([\\d.]+)"), perplexity, 0.01 * perplexity);
    }

    @Test
    void aPersonAndTheModelWriteInTurn() {
        InputStream before = System.in;
        byte[] lines = "the quick\n/quit\n".getBytes(StandardCharsets.UTF_8);
        System.setIn(new ByteArrayInputStream(lines));
        try {
            Command command = generate("--interactive");

            assertEquals(">  brown fox j", command.out().lines().skip(1).findFirst().orElse(""));
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void aPictureShowsEveryHead() throws IOException {
        Path page = folder.resolve("heads.svg");

        Command command =
                Command.gpt("attention", "--model", model, "--text", "the fox", "--out", page);

        assertEquals(0, command.exitCode(), command::err);
        assertTrue(Files.readString(page).contains(">head 3<"));
    }

    @Test
    void infoAddsUp() {
        Command info = Command.gpt("info", "--model", model);

        int attention = 2 * 16 * 16 + 2 * 16 * 8;
        int feedForward = 3 * 16 * 24;
        int norms = 3 * 16;
        assertEquals(16 * 29, number(info, "token embedding +([\\d,]+)"));
        assertEquals(attention, number(info, "attention +([\\d,]+)"));
        assertEquals(feedForward, number(info, "feed forward +([\\d,]+)"));
        assertEquals(norms, number(info, "  norm +([\\d,]+)"));
        assertEquals(
                16 * 29 + attention + feedForward + norms, number(info, "parameters +([\\d,]+)"));
        assertFalse(info.out().contains("position embedding"), info::out);
        assertFalse(info.out().contains("null"), info::out);
        assertTrue(info.out().contains("family                Llama"), info::out);
        assertTrue(info.out().contains("key/value heads       2"), info::out);
        assertTrue(info.out().contains("positions             rotary, base 500"), info::out);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "gpt2-relu      | feed-forward +relu",
                "gpt2-epsilon   | norm +centres and scales, epsilon 0.001",
                "gpt2-pdrops    | dropout +embedding 0.1, attention 0.2, residual 0.3",
                "gpt2-untied    | output layer +separate",
                "llama-tiny     | norm +scales only, epsilon 1.0E-5",
                "mistral-window | sliding window +4\\b",
                "qwen2-tiny     | qkv bias +yes",
                "qwen3-f16      | query/key norm +yes",
                "llama-linear-rope | positions +rotary, base 10,000, 4.0 times slower",
                "llama3-scaled-sharded-bf16 | slow pairs 8.0 times slower"
            })
    void infoDescribesAnyFolderEvenWithoutATokenizer(String name, String line) throws Exception {
        Command info = Command.gpt("info", "--model", huggingFace(name));

        assertEquals(0, info.exitCode(), info::err);
        assertTrue(Pattern.compile(line).matcher(info.out()).find(), info::out);
        assertTrue(info.out().contains("tokenizer             none in the folder"), info::out);
        long sum =
                Pattern.compile("(?m)^  [a-z ]+?([\\d,]+)$")
                        .matcher(info.out())
                        .results()
                        .mapToLong(part -> Long.parseLong(part.group(1).replace(",", "")))
                        .sum();
        assertEquals(sum, (long) number(info, "parameters +([\\d,]+)"));
    }

    @Test
    @OnCpu(OnCpu.BITS)
    void aRunThatIsInterruptedIsTheSameRun() throws IOException {
        Path halved = folder.resolve("halved");
        assertEquals(0, train(halved, "--steps", 6, "--eval-every", 3).exitCode());
        Command rest = Command.gpt("train", "--resume", halved, "--steps", 12);
        Path whole = folder.resolve("whole");
        assertEquals(0, train(whole, "--steps", 12, "--eval-every", 3).exitCode());

        assertEquals(0, rest.exitCode(), rest::err);
        assertEquals(losses(whole), losses(halved));
        assertEquals(
                -1,
                Files.mismatch(
                        whole.resolve("model.safetensors"), halved.resolve("model.safetensors")));
    }

    @ParameterizedTest
    @CsvSource({
        "--family, gpt2, LLAMA",
        "--kv-heads, 1, 2",
        "--hidden-dim, 32, 24",
        "--rope-base, 10000.0, 500.0",
        "--heads, 2, 4"
    })
    void anotherModelIsNotResumedNorInitialized(String option, String given, String stored) {
        Command resumed = Command.gpt("train", "--resume", model, option, given);
        Command initialized =
                Command.gpt("train", "--init-from", model, "--data", text, option, given);

        assertEquals(2, resumed.exitCode());
        assertTrue(resumed.err().contains(option), resumed::err);
        assertEquals(2, initialized.exitCode());
        assertTrue(
                initialized.err().contains("contradicts the model of --init-from " + model),
                initialized::err);
        assertTrue(initialized.err().contains("which has " + stored), initialized::err);
    }

    @Test
    void noActivationIsChosenForIt() {
        assertRefused(
                Command.gpt("train", "--init-from", model, "--data", text, "--activation", "silu"),
                "--activation=silu is not for --family llama");
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-tiny", "mistral-window", "qwen2-tiny", "qwen3-f16"})
    void aFolderOfHuggingFacesIsTrainedOn(String name) throws Exception {
        Path start = Files.createDirectories(folder.resolve("start-" + name));
        try (Stream<Path> files = Files.list(huggingFace(name))) {
            for (Path file : files.toList()) {
                Files.copy(file, start.resolve(file.getFileName()));
            }
        }
        CharTokenizer.fromText(SmallText.TEXT).save(start);
        Path out = folder.resolve("on-" + name);

        Command command =
                Command.gpt(
                        "train",
                        "--init-from",
                        start,
                        "--data",
                        text,
                        "--out",
                        out,
                        "--steps",
                        20,
                        "--batch-size",
                        2,
                        "--learning-rate",
                        0.02);

        assertEquals(0, command.exitCode(), command::err);
        double before = number(command, "step +0/20 +validation loss ([\\d.]+)");
        assertTrue(number(command, "([\\d.]+)  this model on text") < before, command::out);
        assertEquals(
                withoutOthers((LlamaConfig) ModelDirectory.config(start)),
                withoutOthers((LlamaConfig) ModelDirectory.config(out)));
    }

    private static LlamaConfig withoutOthers(LlamaConfig config) {
        return config.toBuilder().optOtherFields(Map.of()).build();
    }

    private static Path huggingFace(String name) throws Exception {
        return Path.of(ModelDirectory.class.getResource(name).toURI());
    }

    private static Command train(Path out, Object... more) {
        Object[] options = Stream.concat(LLAMA.stream(), Stream.of(more)).toArray();
        return SmallText.train(text, out, options);
    }

    private static Command generate(Object... more) {
        Stream<Object> usual =
                Stream.of("generate", "--model", model, "--temperature", 0, "--max-new-tokens", 12);
        Command command = Command.gpt(Stream.concat(usual, Stream.of(more)).toArray());
        assertEquals(0, command.exitCode(), command::err);
        return command;
    }

    private static Command evaluate(Object... more) {
        Stream<Object> usual = Stream.of("eval", "--model", model, "--data", text);
        Command command = Command.gpt(Stream.concat(usual, Stream.of(more)).toArray());
        assertEquals(0, command.exitCode(), command::err);
        return command;
    }

    private static List<String> losses(Path run) throws IOException {
        return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                .map(line -> line.replaceAll("\"tokens_per_second\":.*", ""))
                .toList();
    }

    private static double number(Command command, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(command.out());
        assertTrue(matcher.find(), () -> pattern + " is not in\n" + command.out());
        return Double.parseDouble(matcher.group(1).replace(",", ""));
    }
}
