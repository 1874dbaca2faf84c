package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.model.GptModel;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Parts of a model that a training leaves as they are. */
class FreezeCommandTest {

    @TempDir private static Path folder;
    private static Path text;
    private static Path base;

    @BeforeAll
    static void train() throws IOException {
        text = SmallText.in(folder);
        base = folder.resolve("base");
        Command command = SmallText.train(text, base, "--layers", 2, "--steps", 2);
        assertEquals(0, command.exitCode(), command.err());
    }

    @Test
    void onlyTheRestChangesAndTheCommandSaysHowMuchThatIs() throws Exception {
        Path tuned = folder.resolve("tuned");
        Command command = tune(tuned, "embeddings,0", "--steps", 4);

        assertEquals(0, command.exitCode(), command.err());
        assertTrue(command.out().contains("Frozen   embeddings, 0: "), command.out());
        try (NDManager manager = ComputeDevice.newManager()) {
            GptModel before = ModelDirectory.load(base, manager);
            GptModel after = ModelDirectory.load(tuned, manager);
            assertArrayEquals(tokens(before), tokens(after));
            assertArrayEquals(upOf(before, 0), upOf(after, 0));
            assertFalse(Arrays.equals(upOf(before, 1), upOf(after, 1)));
        }
    }

    private static float[] tokens(GptModel model) {
        return model.tokenEmbedding().weight().getArray().toFloatArray();
    }

    private static float[] upOf(GptModel model, int block) {
        return model.blocks().get(block).getParameters().valueAt(2).getArray().toFloatArray();
    }

    @Test
    void aRunGoesOnWithTheSamePartsOnly() {
        Path run = folder.resolve("run");
        assertEquals(0, tune(run, "0", "--steps", 2, "--decay-steps", 9).exitCode());

        Command more = Command.gpt("train", "--resume", run, "--steps", 3);
        assertEquals(0, more.exitCode(), more.err());
        assertTrue(more.out().contains("Frozen   0: "), more.out());
        Command other = Command.gpt("train", "--resume", run, "--steps", 4, "--freeze", "1");
        assertEquals(2, other.exitCode());
        assertTrue(other.err().contains("--freeze=0"), other.err());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2 | names '2', which is neither embeddings nor some of the blocks 0-1",
                "1-0 | names '1-0'",
                "head | names 'head'",
                "embeddings, | names ''",
                "embeddings,0-1 --lora-rank 2 | does not go with an adapter"
            })
    void whatIsNoPartIsNamed(String parts, String message) {
        Path out = folder.resolve("refused");
        String[] words = parts.split(" ");
        Command command =
                words.length == 1
                        ? tune(out, parts)
                        : tune(out, words[0], (Object) words[1], words[2]);

        assertEquals(2, command.exitCode());
        assertTrue(command.err().contains(message), command.err());
        assertFalse(Files.exists(out));
    }

    private static Command tune(Path out, String parts, Object... more) {
        List<Object> options =
                new ArrayList<>(List.of("--init-from", base, "--layers", 2, "--freeze", parts));
        options.addAll(List.of(more));
        return SmallText.train(text, out, options.toArray());
    }
}
