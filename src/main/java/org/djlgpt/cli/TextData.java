package org.djlgpt.cli;

import me.tongfei.progressbar.ProgressBar;

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

    private static final long MOST_IN_MEMORY = 1 << 24;
    static final int MEGABYTE = 1_000_000;

    /** Returns whether the tokens of a text of so many bytes fit into a small heap. */
    static boolean isSmall(long bytes) {
        return bytes <= MOST_IN_MEMORY;
    }

    boolean isSmall() {
        return isSmall(bytes());
    }

    private long bytes() {
        return training.bytes() + heldOut.map(Corpus::bytes).orElse(0L);
    }

    /** Keeps the tokens in memory. */
    TrainingData inMemory() {
        try (Meter meter = new Meter(out, "text", bytes(), " MB", MEGABYTE)) {
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
    TrainingData inFiles(Path folder) throws IOException {
        long[] specialTokens = {0};
        try (Meter meter = new Meter(out, "text", bytes(), " MB", MEGABYTE)) {
            AtomicFolder.write(
                    folder,
                    TrainingData::isPart,
                    writing -> {
                        specialTokens[0] = write(writing, meter);
                        tokenizer.save(writing);
                    });
        }
        return data(TrainingData.open(folder), specialTokens[0]);
    }

    private long write(Path folder, Meter meter) throws IOException {
        Path trainingFile = folder.resolve(TrainingData.TRAINING_FILE);
        Path heldOutFile = folder.resolve(TrainingData.VALIDATION_FILE);
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

    private TrainingData data(Tokens.Split tokens, long specialTokens) {
        List<String> remarks = new ArrayList<>();
        if (!training.formats().isEmpty()) {
            remarks.add(TextOptions.describe(training));
        }
        heldOut.ifPresent(other -> remarks.add("held out: " + TextOptions.describe(other)));
        if (specialTokens > 0) {
            remarks.add(TextOptions.describeSpecialTokens(specialTokens, tokenizer));
        }
        return new TrainingData(source, remarks, tokenizer, tokens.training(), tokens.heldOut());
    }

    /** Shows how far something is: a bar on a terminal, elsewhere a line now and then. */
    static final class Meter implements LongConsumer, AutoCloseable {

        private static final long NANOS_BETWEEN_LINES = 5_000_000_000L;

        private final Output out;
        private final String name;
        private final long whole;
        private final String unitName;
        private final int unit;
        private final long begin = System.nanoTime();
        private long lastLine = begin;
        private ProgressBar bar; // on a terminal, once it is worth it

        /** Measures what is shown in units of so many, such as megabytes. */
        Meter(Output out, String name, long whole, String unitName, int unit) {
            this.out = out;
            this.name = name;
            this.whole = whole;
            this.unitName = unitName;
            this.unit = unit;
        }

        /** Returns who hears of a text that follows another. */
        LongConsumer after(long before) {
            return done -> accept(before + done);
        }

        @Override
        public void accept(long done) {
            long now = System.nanoTime();
            if (bar != null) {
                bar.stepTo(Math.min(done, whole));
            } else if (whole > unit && Terminal.isInteractive()) {
                bar =
                        ProgressMeter.bar(new ProgressMeter.BottomLine(out))
                                .setInitialMax(whole)
                                .setUnit(unitName, unit)
                                .build();
            } else if (now - lastLine > NANOS_BETWEEN_LINES) {
                lastLine = now;
                double nanosEach = (double) (now - begin) / done;
                out.line(
                        "%-8s %,d of %,d%s, %s left",
                        name,
                        done / unit,
                        whole / unit,
                        unitName,
                        Progress.clock(Math.round(nanosEach * Math.max(0, whole - done) / 1e9)));
            }
        }

        @Override
        public void close() {
            if (bar != null) {
                bar.close();
                bar = null;
            }
        }
    }
}
