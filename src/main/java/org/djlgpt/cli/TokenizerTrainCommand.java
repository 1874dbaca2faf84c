package org.djlgpt.cli;

import org.djlgpt.checkpoint.AdapterDirectory;
import org.djlgpt.cli.console.Meter;
import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.option.OutFolder;
import org.djlgpt.cli.option.TextOptions;
import org.djlgpt.cli.option.TokenFiles;
import org.djlgpt.io.AtomicFolder;
import org.djlgpt.text.BytePairTrainer;
import org.djlgpt.text.Corpus;
import org.djlgpt.text.Tokenizer;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code gpt tokenizer train}. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Learns a vocabulary of byte pairs from text, in the files that train --tokenizer"
                        + " and Hugging Face's tokenizers read.")
final class TokenizerTrainCommand implements Callable<Integer> {

    @Option(
            names = "--data",
            paramLabel = "PATH",
            required = true,
            description =
                    "a text file, also packed (.gz) or with a document under \"text\" in each line"
                            + " of JSON (.jsonl), or a folder of them; may be given several times")
    private List<Path> data;

    @Mixin private TextOptions text;

    @Option(
            names = "--vocab-size",
            paramLabel = "N",
            required = true,
            description =
                    "how many ids there are at most: those of special tokens, of 256 bytes and of"
                            + " what is learnt")
    private int vocabSize;

    @Option(
            names = "--min-frequency",
            paramLabel = "N",
            description =
                    "learn no token that comes more seldom than that (default: ${DEFAULT-VALUE})")
    private int minFrequency = 2;

    @Option(
            names = "--special-token",
            paramLabel = "TEXT",
            description =
                    "a token that no text spells; may be given several times. The first ends a text"
                            + " (default: <|endoftext|>)")
    private List<String> specialTokens = List.of("<|endoftext|>");

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description =
                    "where tokenizer.json, vocab.json and merges.txt go, all of them or none; a"
                            + " tokenizer that lies there is replaced")
    private Path out;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "threads to work on (default: the processors that this process may use)")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        OutFolder.requireFolder(out);
        if (Files.exists(out.resolve("config.json")) || AdapterDirectory.isAdapter(out)) {
            throw new IllegalArgumentException(
                    "--out %s has a model or an adapter, whose tokenizer would be replaced; name another folder"
                            .formatted(out));
        }
        TextOptions.requireNamed("--data", data);
        for (Path path : data) {
            if (TokenFiles.isFile(path) || TokenFiles.isFolder(path)) {
                throw new IllegalArgumentException(
                        "--data %s has tokens already; give a text".formatted(path));
            }
        }
        trainer(new Corpus(List.of("-")), new BytePairTrainer.Listener() {}); // before reading
        Corpus corpus = text.corpus(data, threads, spec.commandLine().getErr());
        Output output = new Output(spec.commandLine().getOut());
        output.line("Text     %s", TextOptions.describe(corpus));
        Tokenizer tokenizer;
        try (Meters meters = new Meters(output, corpus)) {
            tokenizer = trainer(corpus, meters).train();
        }
        AtomicFolder.write(out, Tokenizer::isPart, tokenizer::save);
        report(tokenizer, corpus, output);
        return 0;
    }

    private BytePairTrainer trainer(Corpus corpus, BytePairTrainer.Listener listener) {
        return BytePairTrainer.builder()
                .setCorpus(corpus)
                .setVocabSize(vocabSize)
                .optMinFrequency(minFrequency)
                .optSpecialTokens(specialTokens)
                .optThreads(threads)
                .optListener(listener)
                .build();
    }

    private void report(Tokenizer tokenizer, Corpus corpus, Output output) {
        int size = tokenizer.vocabSize();
        output.line(
                "Tokens   %s, %,d: %,d learnt, 256 bytes, %d special",
                out, size, learnt(size), specialTokens.size());
        if (size < vocabSize) {
            output.line(
                    "         no other pair comes %,d times, so they are fewer than the %,d asked"
                            + " for",
                    minFrequency, vocabSize);
        }
    }

    /** Shows how much text was read, then how many tokens were learnt. */
    private final class Meters implements BytePairTrainer.Listener, AutoCloseable {

        private final Output output;
        private final Meter reading;
        private Meter learning; // once reading has ended

        Meters(Output output, Corpus corpus) {
            this.output = output;
            reading = Meter.ofText(output, corpus.bytes());
        }

        @Override
        public void onText(long bytes) {
            reading.accept(bytes);
        }

        @Override
        public void onMerge(int size) {
            if (learning == null) {
                reading.close();
                learning = new Meter(output, "learnt", learnt(vocabSize), " tokens", 1);
            }
            learning.accept(learnt(size));
        }

        @Override
        public void close() {
            reading.close();
            if (learning != null) {
                learning.close();
            }
        }
    }

    /** Returns how many of so many ids are neither special tokens nor bytes. */
    private int learnt(int size) {
        return size - 256 - specialTokens.size();
    }
}
