package org.djlgpt.cli.train;

import org.djlgpt.cli.console.Meter;
import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.option.TextOptions;
import org.djlgpt.cli.option.TokenFiles;
import org.djlgpt.data.TokenFile;
import org.djlgpt.data.Tokens;
import org.djlgpt.io.AtomicFolder;
import org.djlgpt.text.Corpus;
import org.djlgpt.text.CorpusEncoder;
import org.djlgpt.text.Tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Text that is to become tokens.
 *
 * @param source where it comes from, for a person
 * @param training the text to train on, and to hold out if there is no other
 * @param heldOut the text to hold out
 * @param share how much is held out if there is no other
 * @param tokenizer what makes the tokens
 * @param numThreads how many threads do
 * @param out where to tell how far they are
 */
record TextData(
        String source,
        Corpus training,
        Optional<Corpus> heldOut,
        double share,
        Tokenizer tokenizer,
        int numThreads,
        Output out) {

    /** Returns whether the tokens fit into a small heap. */
    boolean isSmall() {
        return TextOptions.isSmall(bytes());
    }

    private long bytes() {
        return training.bytes() + heldOut.map(Corpus::bytes).orElse(0L);
    }

    /** Keeps the tokens in memory. */
    TextLesson inMemory() {
        try (Meter meter = Meter.ofText(out, bytes())) {
            CorpusEncoder encoder = encoder(training, meter);
            Tokens tokens = encoder.tokens();
            if (heldOut.isEmpty()) {
                return data(tokens.holdOut(share), encoder.specialTokens());
            }
            CorpusEncoder other = encoder(heldOut.get(), meter.after(training.bytes()));
            Tokens.Split split = new Tokens.Split(tokens, other.tokens());
            return data(split, encoder.specialTokens() + other.specialTokens());
        }
    }

    /**
     * Writes the tokens into a folder, from which they are mapped, and the tokenizer's files; all
     * or nothing.
     */
    TextLesson inFiles(Path folder) throws IOException {
        long[] specialTokens = {0};
        try (Meter meter = Meter.ofText(out, bytes())) {
            AtomicFolder.write(
                    folder,
                    TokenFiles::isPart,
                    writing -> {
                        specialTokens[0] = write(writing, meter);
                        tokenizer.save(writing);
                    });
        }
        return data(TokenFiles.open(folder), specialTokens[0]);
    }

    private long write(Path folder, Meter meter) throws IOException {
        Path trainingFile = folder.resolve(TokenFiles.TRAINING);
        Path heldOutFile = folder.resolve(TokenFiles.HELD_OUT);
        CorpusEncoder encoder = encoder(training, meter);
        if (heldOut.isEmpty()) {
            TokenFile.write(trainingFile, heldOutFile, share, encoder);
            return encoder.specialTokens();
        }
        CorpusEncoder other = encoder(heldOut.get(), meter.after(training.bytes()));
        TokenFile.write(trainingFile, encoder);
        TokenFile.write(heldOutFile, other);
        return encoder.specialTokens() + other.specialTokens();
    }

    private CorpusEncoder encoder(Corpus corpus, LongConsumer meter) {
        return CorpusEncoder.builder()
                .setCorpus(corpus)
                .setTokenizer(tokenizer)
                .optThreads(numThreads)
                .optListener(meter)
                .build();
    }

    private TextLesson data(Tokens.Split tokens, long specialTokens) {
        List<String> remarks = new ArrayList<>();
        if (!training.formats().isEmpty()) {
            remarks.add(TextOptions.describe(training));
        }
        heldOut.ifPresent(other -> remarks.add("held out: " + TextOptions.describe(other)));
        if (specialTokens > 0) {
            remarks.add(TextOptions.describeSpecialTokens(specialTokens, tokenizer));
        }
        return new TextLesson(source, remarks, tokenizer, tokens.training(), tokens.heldOut());
    }
}
