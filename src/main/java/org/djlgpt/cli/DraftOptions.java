package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.cli.option.PrecisionOption;
import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.generation.Draft;
import org.djlgpt.generation.DraftModel;
import org.djlgpt.text.Tokenizer;

import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** What guesses ahead while a text is written. */
final class DraftOptions {

    @Option(
            names = "--speculate",
            description =
                    "guess ahead from the text itself and check several tokens at once, while that"
                            + " is faster; the text stays the same")
    private boolean speculate;

    @Option(
            names = "--draft-model",
            paramLabel = "DIR",
            description =
                    "the folder of a smaller model with the same tokenizer that guesses ahead, with"
                            + " --speculate where the text itself tells nothing")
    private Path folder;

    /**
     * Makes what guesses, or nothing.
     *
     * @param tokenizer the one of the model that writes
     * @param precision what to keep the smaller model's weights in
     * @param manager owns the smaller model
     * @return the draft, or null if none is asked for
     */
    Draft draft(Tokenizer tokenizer, PrecisionOption precision, NDManager manager)
            throws IOException, MalformedModelException {
        Draft lookup = speculate ? Draft.promptLookup() : null;
        if (folder == null) {
            return lookup;
        }
        requireSame(tokenizer);
        NDManager loading = manager.newSubManager();
        GptDecoder decoder = precision.decoder(ModelDirectory.load(folder, loading), manager);
        if (!precision.isFloat32()) {
            loading.close();
        }
        Draft model = new DraftModel(decoder, manager);
        return lookup == null ? model : lookup.or(model);
    }

    /** Refuses a model for which the ids mean something else. */
    private void requireSame(Tokenizer tokenizer) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(
                    "--draft-model %s is no folder; name one that gpt train has left"
                            .formatted(folder));
        }
        Tokenizer other = Tokenizer.load(folder);
        int size = tokenizer.vocabSize();
        if (other.vocabSize() != size) {
            throw new IllegalArgumentException(
                    "--draft-model %s has a tokenizer of %d tokens, but that of --model has %d; name a"
                                    .formatted(folder, other.vocabSize(), size)
                            + " model with the same tokenizer");
        }
        for (int id = 0; id < size; id++) {
            if (!Arrays.equals(other.decodeBytes(id), tokenizer.decodeBytes(id))) {
                throw new IllegalArgumentException(
                        "--draft-model %s has another tokenizer than --model: its token %d is '%s', not"
                                        .formatted(folder, id, other.decode(id))
                                + " '%s'; name a model with the same tokenizer"
                                        .formatted(tokenizer.decode(id)));
            }
        }
    }
}
