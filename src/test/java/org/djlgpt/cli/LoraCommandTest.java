package org.djlgpt.cli;

import static org.djlgpt.cli.Command.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.djlgpt.checkpoint.AdapterDirectory;
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
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** An adapter from its training to what is made of it. */
class LoraCommandTest {

    private static final Object[] LORA = {
        "--lora-rank", 4, "--lora-targets", "q,v,up", "--learning-rate", 0.02
    };

    @TempDir private static Path folder;
    private static Path text;
    private static Path base;
    private static Path adapter;
    private static Command training;

    @BeforeAll
    static void train() throws IOException {
        text = SmallText.in(folder);
        base = folder.resolve("base");
        Path others = Files.writeString(folder.resolve("others.txt"), letters().repeat(40));
        Command command = SmallText.train(others, base, "--steps", 100, "--learning-rate", 0.01);
        assertEquals(0, command.exitCode(), command.err());
        adapter = folder.resolve("adapter");
        training = adapt(adapter, "--steps", 100, "--learning-rate", 0.05);
        assertEquals(0, training.exitCode(), training.err());
    }

    private static String letters() {
        return "abcdefghijklmnopqrstuvwxyz; \n the";
    }

    private static Command adapt(Path out, Object... more) {
        List<Object> options = new ArrayList<>(List.of("--init-from", base));
        Stream.of(LORA).forEach(options::add);
        Stream.of(more).forEach(options::add);
        return SmallText.train(text, out, options.toArray());
    }

    @Test
    void theFolderHoldsAnAdapterThatNamesItsBase() throws Exception {
        assertTrue(AdapterDirectory.isAdapter(adapter));
        assertFalse(Files.exists(adapter.resolve("model.safetensors")));
        assertEquals(base.toString(), AdapterDirectory.base(adapter).orElseThrow());
        assertTrue(training.out().contains("LoRA     rank 4, alpha 8, on q, v, up: "));
        // (16 + 16) * 4 for queries and values, (16 + 64) * 4 for up
        assertTrue(training.out().contains(": 576 parameters are trained"), training.out());
        long model = Files.size(base.resolve("model.safetensors"));
        assertTrue(Files.size(adapter.resolve("checkpoint.safetensors")) < model);
    }

    @Test
    void theAdapterHasLearnt() {
        double before = loss(eval("--model", base));
        double after = loss(eval("--model", adapter));

        assertTrue(after < 0.8 * before, before + " to " + after);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fp32", "bf16", "fp16", "int8", "int4"})
    void mergedItWritesTheSame(String precision) {
        Path merged = folder.resolve("merged-" + precision);

        Command merge =
                Command.gpt("merge", "--model", base, "--adapter", adapter, "--out", merged);

        assertEquals(0, merge.exitCode(), merge.err());
        String unmerged = generate(precision, "--model", base, "--adapter", adapter);
        assertEquals(unmerged, generate(precision, "--model", adapter));
        assertEquals(unmerged, generate(precision, "--model", merged));
        assertFalse(unmerged.equals(generate(precision, "--model", base)));
        assertEquals(loss(eval("--model", adapter)), loss(eval("--model", merged)), 1e-4);
    }

    @Test
    void whatItLooksAtCanBeDrawn() {
        Path picture = folder.resolve("heads.svg");

        Command command =
                Command.gpt("attention", "--model", adapter, "--text", "the fox", "--out", picture);

        assertEquals(0, command.exitCode(), command.err());
        assertTrue(Files.exists(picture));
    }

    @Test
    void infoSaysWhatIsTrained() {
        Command command = Command.gpt("info", "--model", base, "--adapter", adapter);

        assertEquals(0, command.exitCode(), command.err());
        assertTrue(command.out().contains("adapter               rank 4, alpha 8, on q, v, up"));
        assertTrue(command.out().contains("  trained             576, "), command.out());
        assertFalse(Command.gpt("info", "--model", base).out().contains("adapter"));
    }

    @ParameterizedTest
    @CsvSource({"0", "0.2"})
    void stoppedItGoesOnAsThoughItHadNotBeen(double dropout) throws IOException {
        Path whole = folder.resolve("whole-" + dropout);
        Path parts = folder.resolve("parts-" + dropout);
        Object[] options = {
            "--lora-dropout", dropout, "--lora-rank-stabilised", "--warmup-steps", 2
        };
        assertEquals(0, adapt(whole, options).exitCode());
        assertEquals(0, adapt(parts, with(options, "--steps", 10, "--decay-steps", 20)).exitCode());

        Command resumed = Command.gpt("train", "--resume", parts, "--steps", 20);

        assertEquals(0, resumed.exitCode(), resumed.err());
        for (String file : new String[] {"adapter_model.safetensors", "adapter_config.json"}) {
            assertArrayEquals(
                    Files.readAllBytes(whole.resolve(file)),
                    Files.readAllBytes(parts.resolve(file)),
                    file);
        }
    }

    private static Object[] with(Object[] options, Object... more) {
        return Stream.concat(Stream.of(options), Stream.of(more)).toArray();
    }

    @Test
    void anAdapterIsTrainedOn() throws IOException {
        Path more = folder.resolve("more");

        Command command = SmallText.train(text, more, "--init-from", adapter);

        assertEquals(0, command.exitCode(), command.err());
        assertTrue(command.out().contains("LoRA     rank 4, alpha 8, on q, v, up: 576 "));
        assertEquals(base.toString(), baseOf(more));
        assertEquals(
                find(training, "([\\d.]+)  this model"),
                find(command, " 0/20  validation loss ([\\d.]+)"));
    }

    private static String baseOf(Path adapter) throws IOException {
        return JsonParser.parseString(Files.readString(adapter.resolve("adapter_config.json")))
                .getAsJsonObject()
                .get("base_model_name_or_path")
                .getAsString();
    }

    @Test
    void onAnotherBaseItDoesNotGoOn() throws IOException {
        Path start = folder.resolve("start");
        Path run = folder.resolve("run");
        assertEquals(0, SmallText.train(text, start, "--seed", 2).exitCode());
        assertEquals(0, SmallText.train(text, run, with(LORA, "--init-from", start)).exitCode());
        assertEquals(0, SmallText.train(text, start, "--seed", 3).exitCode());

        Command command = Command.gpt("train", "--resume", run, "--steps", 30);

        assertRefused(command, "the parameters that its run does not train are others");
    }

    @Test
    void anAdapterWhoseBaseIsGoneAsksForIt() throws IOException {
        Path moved = Files.createDirectories(folder.resolve("moved"));
        for (String file : new String[] {"adapter_model.safetensors", "char_tokenizer.json"}) {
            Files.copy(adapter.resolve(file), moved.resolve(file));
        }
        Path config = adapter.resolve("adapter_config.json");
        JsonObject json = JsonParser.parseString(Files.readString(config)).getAsJsonObject();
        json.addProperty("base_model_name_or_path", "gpt2");
        Files.writeString(moved.resolve("adapter_config.json"), json.toString());

        assertRefused(
                Command.gpt("generate", "--model", moved, "--prompt", "the"),
                "moved is an adapter for gpt2, which is no folder here; name the folder of its"
                        + " base with --model, and");
        assertRefused(
                SmallText.train(text, folder.resolve("gone"), "--init-from", moved),
                "as base_model_name_or_path in its adapter_config.json, or merge both");
        assertEquals(
                generate("fp32", "--model", adapter),
                generate("fp32", "--model", base, "--adapter", moved));
    }

    @Test
    void whatDoesNotFitIsRefused() throws IOException {
        Path never = folder.resolve("never");
        assertRefused(adapt(never, "--lora-rank", 17), "--lora-rank=17 must be at most 16");
        assertRefused(adapt(never, "--lora-rank", 0), "--lora-rank=0 must be at least 1");
        assertRefused(adapt(never, "--lora-alpha", 0), "--lora-alpha=0.0 must be positive; use 8");
        assertRefused(adapt(never, "--lora-alpha", "NaN"), "--lora-alpha=NaN must be positive");
        assertRefused(adapt(never, "--lora-dropout", 1), "--lora-dropout=1.0 must be in [0, 1)");
        assertRefused(
                adapt(never, "--lora-targets", "q,w"),
                "--lora-targets=q,w names 'w', which is none of q, k, v, o, gate, up, down");
        assertRefused(adapt(never, "--lora-targets", ""), "names ''");
        assertRefused(adapt(never, "--lora-targets", "q,gate"), "--lora-targets has GATE, but the");
        assertRefused(SmallText.train(text, never, "--lora-rank", 4), "needs a model to adapt");
        assertRefused(
                SmallText.train(text, never, "--init-from", base, "--lora-alpha", 4),
                "--lora-alpha=4.0 needs --lora-rank");
        assertRefused(adapt(base), "base holds a whole model; name another folder");
        assertRefused(
                adapt(never, "--init-from", adapter),
                "--lora-rank=4 does not go with --init-from " + adapter);
        assertFalse(Files.exists(never));
    }

    @Test
    void foldersThatDoNotFitAreRefused() throws IOException {
        Path wide = folder.resolve("wide");
        Path merged = folder.resolve("refused");
        Path empty = Files.createDirectories(folder.resolve("empty"));
        assertEquals(0, SmallText.train(text, wide, "--embedding-dim", 32).exitCode());

        assertRefused(
                Command.gpt("eval", "--model", wide, "--adapter", adapter, "--data", text),
                "lora_A.weight has shape (8, 16), but adapter_config.json and the base make it (8,"
                        + " 32)");
        assertRefused(
                Command.gpt("merge", "--model", base, "--adapter", empty, "--out", merged),
                "adapter_config.json: is missing");
        assertRefused(
                Command.gpt("merge", "--model", base, "--adapter", "nowhere", "--out", merged),
                "--adapter nowhere is no folder");
        assertRefused(Command.gpt("merge", "--model", base, "--out", merged), "has no adapter");
        assertRefused(
                Command.gpt("merge", "--model", adapter, "--out", base),
                "is where the model or its adapter lies");
        assertRefused(
                Command.gpt("merge", "--model", adapter, "--out", adapter),
                "is where the model or its adapter lies");
        assertFalse(Files.exists(merged));
    }

    @Test
    void anotherBaseOfTheSameSizesIsRefused() {
        Path other = folder.resolve("other-base");
        assertEquals(0, SmallText.train(text, other, "--seed", 5, "--steps", 2).exitCode());

        assertRefused(
                Command.gpt("eval", "--model", other, "--adapter", adapter, "--data", text),
                "was trained on another model than this base",
                "load it on that");
    }

    @Test
    void aModelDoesNotReplaceThatOfATrainingThatCouldGoOn() throws IOException {
        byte[] model = Files.readAllBytes(adapter.resolve("adapter_model.safetensors"));
        Path run = folder.resolve("run");
        assertEquals(0, SmallText.train(text, run, "--steps", 2).exitCode());
        byte[] config = Files.readAllBytes(run.resolve("config.json"));

        assertRefused(
                Command.gpt("merge", "--model", adapter, "--out", run),
                "has the checkpoint.safetensors of a training",
                "name another folder, or delete that file");
        assertRefused(
                Command.gpt(
                        "tokenizer",
                        "add",
                        "--model",
                        base,
                        "--special-token",
                        "<x>",
                        "--out",
                        run),
                "has the checkpoint.safetensors of a training");
        assertArrayEquals(config, Files.readAllBytes(run.resolve("config.json")));
        assertArrayEquals(model, Files.readAllBytes(adapter.resolve("adapter_model.safetensors")));
    }

    private static Command eval(Object... model) {
        return Command.gpt(with(new Object[] {"eval", "--data", text}, model));
    }

    private static double loss(Command command) {
        assertEquals(0, command.exitCode(), command.err());
        return Double.parseDouble(find(command, "loss +([\\d.]+)"));
    }

    private static String generate(String precision, Object... model) {
        Object[] how = {
            "generate",
            "--prompt",
            "the",
            "--seed",
            1,
            "--max-new-tokens",
            30,
            "--precision",
            precision
        };
        Command command = Command.gpt(with(how, model));
        assertEquals(0, command.exitCode(), command.err());
        return command.out();
    }

    private static String find(Command command, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(command.out());
        assertTrue(matcher.find(), () -> pattern + " is not in\n" + command.out());
        return matcher.group(1);
    }
}
