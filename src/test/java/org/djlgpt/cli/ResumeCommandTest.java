package org.djlgpt.cli;

import static org.djlgpt.cli.Command.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.testing.OnCpu;
import org.djlgpt.training.Checkpoint;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/** {@code gpt train --resume}, as a person uses it. */
@OnCpu(OnCpu.BITS)
class ResumeCommandTest {

    /** Options of a run that has many steps to do, but ends after two. */
    private static final Object[] SOON_OVER = {
        "--steps",
        2000,
        "--patience",
        1,
        "--eval-every",
        2,
        "--learning-rate",
        1e-30,
        "--weight-decay",
        0
    };

    @TempDir private static Path folder;
    private static Path text;
    private static Path half;

    @BeforeAll
    static void train() {
        text = SmallText.in(folder);
        half = folder.resolve("half");
        Command command =
                SmallText.train(
                        text,
                        half,
                        "--decay-steps",
                        40,
                        "--dropout",
                        0.1,
                        "--learning-rate",
                        "1e-2");
        assertEquals(0, command.exitCode(), command::err);
    }

    @Test
    void aLongerRunGoesOnFromTheCheckpoint() throws IOException {
        Path run = copy("longer");

        Command command = Command.gpt("train", "--resume", run, "--steps", 40);

        assertEquals(0, command.exitCode(), command::err);
        assertTrue(command.out().contains("step 20/40  resumed"), command::out);
        assertTrue(command.out().contains("step 40/40  validation loss"), command::out);
        assertEquals(5, Files.readAllLines(run.resolve("metrics.jsonl")).size());
    }

    @Test
    void workersAreThoseOfTheRunToTheLastBit() throws IOException {
        Path parts = folder.resolve("workers");
        Path whole = folder.resolve("workers-at-once");
        Command first = SmallText.train(text, parts, "--workers", 2, "--decay-steps", 40);
        assertEquals(0, first.exitCode(), first::err);
        assertEquals(0, SmallText.train(text, whole, "--workers", 2, "--steps", 40).exitCode());

        Command other = Command.gpt("train", "--resume", parts, "--steps", 40, "--workers", 3);
        assertRefused(other, "has --workers=2, not --workers=3");
        Command second = Command.gpt("train", "--resume", parts, "--steps", 40);

        assertEquals(0, second.exitCode(), second::err);
        assertEquals(2, workers(parts));
        assertArrayEquals(
                Files.readAllBytes(whole.resolve("model.safetensors")),
                Files.readAllBytes(parts.resolve("model.safetensors")));
    }

    @Test
    void aTrialFindsTheNumberOfWorkersOnceForARun() throws IOException {
        Path run = folder.resolve("tried");
        Command first = SmallText.train(text, run, with(SOON_OVER));
        assertEquals(0, first.exitCode(), first::err);
        int found = workers(run);
        boolean isSaid = first.out().contains("Workers  " + found + ", ");
        assertTrue(isSaid || found == 1, first::out); // nothing is said of batches that are slow

        Command again = Command.gpt("train", "--resume", run);

        assertEquals(0, again.exitCode(), again::err);
        assertFalse(again.out().contains("Workers  "), again::out);
        assertEquals(found, workers(run));
    }

    @Test
    void aGivenNumberOfWorkersOrAShortRunIsNotTried() throws IOException {
        Path run = folder.resolve("not-tried");

        Command given = SmallText.train(text, run, with(SOON_OVER, "--workers", 1));
        Command brief = SmallText.train(text, run, "--workers", "auto", "--steps", 2);

        assertEquals(0, given.exitCode(), given::err);
        assertFalse(given.out().contains("Workers  "), given::out);
        assertEquals(0, brief.exitCode(), brief::err);
        assertFalse(brief.out().contains("Workers  "), brief::out);
        assertEquals(1, workers(run));
    }

    @ParameterizedTest
    @CsvSource({"gelu_tanh, gelu_new", "gelu, gelu", "relu, relu", "silu, silu"})
    void theActivationIsKept(String activation, String atHuggingFace) throws IOException {
        Path parts = folder.resolve(activation);
        Path whole = folder.resolve(activation + "-at-once");
        Object[] options = {"--activation", activation, "--decay-steps", 4, "--eval-every", 2};
        assertEquals(0, SmallText.train(text, parts, with(options, "--steps", 2)).exitCode());
        assertEquals(0, SmallText.train(text, whole, with(options, "--steps", 4)).exitCode());

        Command second = Command.gpt("train", "--resume", parts, "--steps", 4);

        assertEquals(0, second.exitCode(), second::err);
        String config = Files.readString(parts.resolve("config.json"));
        assertTrue(config.contains("\"activation_function\": \"" + atHuggingFace + "\""), config);
        assertArrayEquals(
                Files.readAllBytes(whole.resolve("model.safetensors")),
                Files.readAllBytes(parts.resolve("model.safetensors")));
    }

    private static int workers(Path run) throws IOException {
        try {
            return Checkpoint.read(run.resolve("checkpoint.safetensors")).plan().workers();
        } catch (MalformedModelException e) {
            throw new IOException(e);
        }
    }

    @Test
    void aRunThatIsCompleteShowsItsSampleAgain() throws IOException {
        Path run = copy("complete");
        byte[] model = Files.readAllBytes(run.resolve("model.safetensors"));

        Command command = Command.gpt("train", "--resume", run);

        assertEquals(0, command.exitCode(), command::err);
        assertTrue(command.out().contains("Sample "), command::out);
        assertArrayEquals(model, Files.readAllBytes(run.resolve("model.safetensors")));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "--layers=2            | has --layers=1, not --layers=2; leave out what differs",
                "--learning-rate=0.02  | has --learning-rate=0.01, not --learning-rate=0.02",
                "--precision=bf16      | has --precision=FP32, not --precision=BF16",
                "--tokenizer=gpt2      | has no --tokenizer,",
                "--seed=2              | has --seed=1337, not --seed=2",
                "--warmup-steps=3      | has --warmup-steps=4, not --warmup-steps=3",
                "--activation=gelu     | has no --activation, not --activation=GELU",
                "--qkv-bias            | has --qkv-bias=false, not --qkv-bias=true",
                "--workers=auto        | --workers auto does not go with --resume; leave it out to",
                "--workers=no          | 'no' is neither auto nor a number from 1 to 999",
                "--out=elsewhere       | --out does not go with --resume",
                "--steps=many          | 'many' is no whole number"
            })
    void whatContradictsTheCheckpointIsRefused(String option, String message) {
        Command command = Command.gpt("train", "--resume", half, option);

        assertEquals(2, command.exitCode());
        assertTrue(command.err().contains(message), command::err);
    }

    @Test
    void allThatContradictsIsNamedAtOnce() {
        Command command = Command.gpt("train", "--resume", half, "--heads=4", "--batch-size=8");

        assertTrue(
                command.err().contains("--batch-size=4, --heads=2, not --batch-size=8, --heads=4"),
                command::err);
    }

    @Test
    void whatChangesNoStepMayDiffer() throws IOException {
        Path run = copy("elsewhere");

        Command command =
                Command.gpt(
                        "--resume", run, "--threads", 1, "--eval-every", 7, "--skip-bad-steps", 1);

        assertEquals(0, command.exitCode(), command::err);
    }

    @Test
    void theSameTextMayLieElsewhereButAnotherIsRefused() throws IOException {
        Path run = copy("moved");
        Path moved = Files.writeString(folder.resolve("moved.txt"), SmallText.TEXT);
        Path other =
                Files.writeString(
                        folder.resolve("other.txt"), SmallText.TEXT.replace("fox j", "j fox"));
        Path alphabet =
                Files.writeString(folder.resolve("latin.txt"), SmallText.TEXT.replace('q', 'Q'));

        assertEquals(0, Command.gpt("train", "--resume", run, "--data", moved).exitCode());
        assertTrue(
                Command.gpt("train", "--resume", run, "--data", other)
                        .err()
                        .contains("give the same data"));
        assertTrue(
                Command.gpt("train", "--resume", run, "--data", alphabet)
                        .err()
                        .contains("has vocabulary="));
    }

    @Test
    void whatARunWasMadeOfMayLieElsewhere() throws IOException {
        Path base = folder.resolve("base");
        Path moved = folder.resolve("moved-base");
        Path gone = folder.resolve("gone.txt");
        Path run = folder.resolve("of-a-base");
        Object[] options = {
            "train", "--init-from", base, "--data", gone, "--out", run, "--freeze", "embeddings"
        };
        Files.writeString(gone, SmallText.TEXT);
        assertEquals(0, SmallText.train(text, base, "--steps", 2).exitCode());
        Command first =
                Command.gpt(with(options, "--steps", 2, "--decay-steps", 9, "--eval-batches", 1));
        assertEquals(0, first.exitCode(), first::err);
        Files.move(base, moved);
        Files.delete(gone);

        assertRefused(
                Command.gpt("train", "--resume", run, "--steps", 3, "--init-from", moved),
                "--data " + gone + " does not exist any more, with which the run in " + run,
                "--resume " + run + " --data PATH");
        assertRefused(
                Command.gpt("train", "--resume", run, "--steps", 3, "--data", text),
                "--init-from " + base + " does not exist any more");
        assertRefused(
                Command.gpt(
                        "train",
                        "--resume",
                        run,
                        "--steps",
                        3,
                        "--data",
                        text,
                        "--init-from",
                        half),
                "the parameters that its run does not train are others");
        Command more =
                Command.gpt(
                        "train",
                        "--resume",
                        run,
                        "--steps",
                        3,
                        "--data",
                        text,
                        "--init-from",
                        moved);
        assertEquals(0, more.exitCode(), more::err);
        assertTrue(more.out().contains("step 3/3"), more::out);
    }

    @Test
    void aRunWithoutPatienceSaysThatItHasEnded() throws IOException {
        Path run = folder.resolve("impatient");
        Command first = SmallText.train(text, run, with(SOON_OVER, "--steps", 20));
        assertEquals(0, first.exitCode(), first::err);
        assertTrue(first.out().contains("gets no lower"), first::out);

        Command again = Command.gpt("train", "--resume", run);
        Command on = Command.gpt("train", "--resume", run, "--patience", 0, "--steps", 8);

        assertEquals(0, again.exitCode(), again::err);
        assertTrue(again.out().contains("Ended    at step 2: 1 evaluation "), again::out);
        assertTrue(again.out().contains("give a larger --patience, or 0"), again::out);
        assertTrue(on.out().contains("step 8/8"), on::out);
    }

    private static Object[] with(Object[] options, Object... more) {
        return Stream.concat(Stream.of(options), Stream.of(more)).toArray();
    }

    @Test
    void aFolderWithoutACheckpointIsRefused() {
        Command command = Command.gpt("train", "--resume", folder);

        assertEquals(2, command.exitCode());
        assertTrue(command.err().contains("has no checkpoint.safetensors"), command::err);
    }

    @Test
    void aCheckpointThatBringsOtherOptionsIsRefused() throws Exception {
        Path run = copy("hostile");
        Path file = run.resolve("checkpoint.safetensors");
        Map<String, String> texts;
        try (SafeTensors tensors = SafeTensors.open(file)) {
            texts = new HashMap<>(tensors.metadata());
        }
        for (String name : new String[] {"--out", "--help", "--unknown", "--resume=x"}) {
            Map<String, String> hostile = new HashMap<>(texts);
            hostile.put("note." + name, "elsewhere");
            SafeTensors.write(file, Map.of(), hostile);

            Command command = Command.gpt("train", "--resume", run);

            assertEquals(2, command.exitCode());
            assertTrue(command.err().contains("which is no option of a training"), command::err);
        }
    }

    @Test
    void aDivergedRunKeepsItsCheckpointAndSaysHowToGoOn() throws IOException {
        Path run = folder.resolve("diverged");
        Command command =
                SmallText.train(
                        text,
                        run,
                        "--learning-rate",
                        1e30,
                        "--clip-norm",
                        0,
                        "--warmup-steps",
                        0,
                        "--checkpoint-every",
                        1);

        assertEquals(2, command.exitCode());
        assertTrue(command.err().contains("lower the learning rate"), command::err);
        assertFalse(
                Files.exists(run.resolve("checkpoint.safetensors")), "the first step spoilt it");
    }

    @Test
    void aFullDiskStopsTheRunOrNotAsItIsTold() throws IOException {
        Path run = Files.createDirectories(folder.resolve("blocked"));
        Files.createDirectories(run.resolve("metrics.jsonl/in the way"));

        Command stopped = SmallText.train(text, run);
        Command kept = SmallText.train(text, run, "--keep-going");

        assertEquals(2, stopped.exitCode());
        assertTrue(stopped.err().contains("metrics.jsonl"), stopped::err);
        assertEquals(0, kept.exitCode(), kept::err);
        assertTrue(kept.err().contains("; the training goes on"), kept::err);
        assertTrue(Files.exists(run.resolve("model.safetensors")));
    }

    private static Path copy(String name) throws IOException {
        Path copy = Files.createDirectories(folder.resolve(name));
        try (Stream<Path> files = Files.list(half)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }
}
