package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.text.Tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/**
 * A model folder in memory, ready to write.
 *
 * @param decoder the model in the precision that was asked for, and in no other
 * @param tokenizer its tokenizer
 * @param stopTokens the ids that end a text, besides the tokenizer's own
 */
record LoadedDecoder(GptDecoder decoder, Tokenizer tokenizer, Set<Integer> stopTokens) {

    static LoadedDecoder load(Path directory, WeightPrecision precision, NDManager manager)
            throws IOException, MalformedModelException {
        LoadedModel.requireFolder(directory);
        Tokenizer tokenizer = Tokenizer.load(directory);
        Set<Integer> stopTokens = ModelDirectory.stopTokens(directory);
        GptDecoder decoder = ModelDirectory.loadDecoder(directory, precision, manager);
        return new LoadedDecoder(decoder, tokenizer, stopTokens);
    }
}
