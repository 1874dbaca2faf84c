package org.djlgpt.cli.train;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.data.Split;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.training.PreferenceOptimization;
import org.djlgpt.tuning.ChatTemplate;
import org.djlgpt.tuning.PreferenceSet;
import org.djlgpt.tuning.PreferenceSetBuilder;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Pairs of answers, of which the better one is to be preferred. */
final class PreferenceLesson implements Lesson {

    private final HeldOut files;
    private final Tokenizer tokenizer;
    private final Optional<ChatTemplate> template;
    private final double beta;
    private PreferenceSet heldOut; // once read
    private PreferenceOptimization objective; // once there is a model to begin with

    PreferenceLesson(
            HeldOut files, Tokenizer tokenizer, Optional<ChatTemplate> template, double beta) {
        this.files = files;
        this.tokenizer = tokenizer;
        this.template = template;
        this.beta = beta;
    }

    @Override
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public Optional<ChatTemplate> template() {
        return template;
    }

    @Override
    public Material read(GptConfig size) throws IOException {
        Split<PreferenceSet> both = files.read(paths -> read(paths, size), PreferenceSet::holdOut);
        heldOut = both.heldOut();
        return new Material(both.training(), heldOut, description(both.training()));
    }

    private PreferenceSet read(List<Path> paths, GptConfig size) throws IOException {
        PreferenceSetBuilder builder =
                PreferenceSet.builder()
                        .setTokenizer(tokenizer)
                        .setContextLength(size.contextLength())
                        .optTemplate(template.orElse(null));
        paths.forEach(builder::addFile);
        return builder.build();
    }

    private List<String> description(PreferenceSet training) {
        List<String> lines = new ArrayList<>();
        lines.add(
                line(
                        "Pairs    %s: %,d to train on, %,d held out",
                        files.names(), training.size(), heldOut.size()));
        if (training.truncated() > 0) {
            lines.add(line("%,d are too long and lose their end", training.truncated()));
        }
        if (training.dropped() > 0) {
            lines.add(
                    line(
                            "%,d are left out: within the context both begin alike",
                            training.dropped()));
        }
        return lines;
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    @Override
    public PreferenceOptimization objective(GptModel base) {
        if (objective == null) {
            objective = PreferenceOptimization.dpo(base, beta);
        }
        return objective;
    }

    @Override
    public List<Yardstick> yardsticks(GptConfig size) {
        return List.of(
                new Yardstick(
                        "indifferent", Math.log(2), "preferring nothing that the base does not"));
    }

    @Override
    public void conclude(TrainingRun run, TrainingReport report, NDManager manager)
            throws IOException, MalformedModelException {
        report.losses("in nats per pair", run, "on pairs that it has not seen");
        PreferenceOptimization.Rewards rewards =
                objective.rewards(run.best(manager), heldOut, manager, run.batchSize());
        report.text(
                line(
                        "         %7.4f  of them it tells apart; mean rewards %+.4f and %+.4f%n",
                        rewards.accuracy(), rewards.chosenReward(), rewards.rejectedReward()));
        report.files(run.folder(), "generate", "--interactive");
    }
}
