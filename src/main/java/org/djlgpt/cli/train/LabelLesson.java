package org.djlgpt.cli.train;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.checkpoint.ClassifierDirectory;
import org.djlgpt.data.Split;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.training.ClassificationReport;
import org.djlgpt.training.Objective;
import org.djlgpt.tuning.LabelledText;
import org.djlgpt.tuning.LabelledTexts;
import org.djlgpt.tuning.LabelledTextsBuilder;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Texts with labels, which are to be chosen for other texts. */
final class LabelLesson implements Lesson {

    private static final int SEED = 1337; // of what is held out, whatever the training's is

    private static final int MAX_NAMES = 20;

    private final HeldOut files;
    private final Tokenizer tokenizer;
    private List<String> labels = List.of(); // once read
    private LabelledTexts training;
    private LabelledTexts heldOut;

    LabelLesson(HeldOut files, Tokenizer tokenizer) {
        this.files = files;
        this.tokenizer = tokenizer;
    }

    @Override
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public Material read(GptConfig size) throws IOException {
        Split<LabelledTexts> both =
                files.read(paths -> read(paths, size), (all, share) -> all.holdOut(share, SEED));
        training = both.training();
        heldOut = both.heldOut();
        return new Material(training, heldOut, description());
    }

    /** Reads texts, whose labels are those of the first that were read. */
    private LabelledTexts read(List<Path> paths, GptConfig size) throws IOException {
        List<LabelledText> texts = new ArrayList<>();
        for (Path path : paths) {
            texts.addAll(LabelledText.read(path));
        }
        LabelledTextsBuilder builder =
                LabelledTexts.builder()
                        .setTexts(texts)
                        .setTokenizer(tokenizer)
                        .setContextLength(size.contextLength())
                        .setPadTokenId(padTokenId());
        if (!labels.isEmpty()) {
            builder.optLabels(labels);
        }
        LabelledTexts read = builder.build();
        labels = read.labels();
        return read;
    }

    private int padTokenId() {
        return tokenizer.endOfText().orElse(0);
    }

    private List<String> description() {
        List<String> lines = new ArrayList<>();
        lines.add(
                String.format(
                        Locale.ROOT,
                        "Texts    %s: %,d to train on, %,d held out, labels %s",
                        files.names(),
                        training.size(),
                        heldOut.size(),
                        named(training.labels())));
        if (training.truncated() > 0) {
            lines.add(
                    String.format(
                            Locale.ROOT,
                            "%,d are too long and lose their end",
                            training.truncated()));
        }
        return lines;
    }

    /** Names the labels, or the first of many. */
    private static String named(List<String> labels) {
        String names = labels.stream().limit(MAX_NAMES).collect(Collectors.joining(", "));
        int more = labels.size() - MAX_NAMES;
        return more <= 0 ? names : String.format(Locale.ROOT, "%s and %,d more", names, more);
    }

    @Override
    public SequenceClassifier learner(GptModel base, NDManager manager) {
        return SequenceClassifier.on(base, training.labels(), padTokenId(), manager);
    }

    @Override
    public Objective objective(GptModel base) {
        return Objective.classification();
    }

    @Override
    public List<Yardstick> yardsticks(GptConfig size) {
        double texts = training.size();
        double entropy =
                Arrays.stream(training.counts())
                        .filter(count -> count > 0)
                        .mapToDouble(count -> -count / texts * Math.log(count / texts))
                        .sum();
        return List.of(
                new Yardstick(
                        "uniform",
                        Math.log(training.labels().size()),
                        "knowing nothing: every label equally likely (uniform)"),
                new Yardstick(
                        "frequency", entropy, "knowing how often each label comes (frequency)"));
    }

    @Override
    public void conclude(TrainingRun run, TrainingReport report, NDManager manager)
            throws IOException, MalformedModelException {
        report.losses("in nats per text", run, "on texts that it has not seen");
        SequenceClassifier best = ClassifierDirectory.load(run.folder().path(), manager);
        report.text(System.lineSeparator());
        report.text(ClassificationReport.of(best, heldOut, manager, run.batchSize()).toString());
        report.text(System.lineSeparator());
        report.files(run.folder(), "classify", "--text", "...");
    }
}
