package org.djlgpt.cli.train;

import ai.djl.MalformedModelException;

import org.djlgpt.cli.option.ChatOptions;
import org.djlgpt.cli.option.TextOptions;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.training.PreferenceOptimization;
import org.djlgpt.tuning.ChatTemplate;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a training learns: to go on with a text, or to answer as examples do. */
final class LessonOptions {

    @Mixin private DataOptions data;

    @Option(
            names = "--examples",
            paramLabel = "FILE",
            description =
                    "learn the answers of examples instead of a text: JSON lines (.jsonl, .gz) with"
                            + " prompt and completion, with instruction, input and output, with"
                            + " messages, or with text, all of which is learned; may be given"
                            + " several times")
    private List<Path> examples = List.of();

    @Option(
            names = "--labels",
            paramLabel = "FILE",
            description =
                    "learn which label a text has instead: CSV (.csv) with columns text and label,"
                            + " or JSON lines (.jsonl) with these keys; --out takes a classifier;"
                            + " may be given several times")
    private List<Path> labels = List.of();

    @Option(
            names = "--preferences",
            paramLabel = "FILE",
            description =
                    "learn which of two answers is better instead (DPO), with an adapter: JSON"
                            + " lines with prompt, chosen and rejected; may be given several times")
    private List<Path> preferences = List.of();

    @Option(
            names = "--beta",
            paramLabel = "X",
            description =
                    "how much an answer of --preferences must gain to count: the smaller, the"
                            + " further the model may go from its base (default: "
                            + PreferenceOptimization.BETA
                            + ")")
    private Double beta;

    @Option(
            names = "--chat-template",
            paramLabel = "NAME|FILE",
            converter = ChatOptions.TemplateName.class,
            description =
                    "how messages are written: alpaca, chatml, llama3, or a file in Jinja (default:"
                            + " as the folder of --init-from says)")
    private String chatTemplate;

    @Option(
            names = "--pack",
            description =
                    "put several short examples into a row, where none sees another; fewer steps"
                            + " see them all")
    private Boolean pack; // null unless given: earlier runs have no such option

    /**
     * Prepares what to learn from; of examples nothing is read yet.
     *
     * @param run where the tokens of a large text go
     * @param numThreads how many threads read text, or examples
     */
    Lesson read(ModelOptions model, RunDirectory run, int numThreads, CommandSpec command)
            throws IOException, MalformedModelException {
        requireUse();
        Optional<Tokenizer> given = model.tokenizer();
        if (!examples.isEmpty()) {
            Lesson.HeldOut files = files("--examples", examples);
            Tokenizer tokenizer = data.tokenizer().required("--examples", given);
            Optional<ChatTemplate> written = template(model, tokenizer, command);
            return new ExampleLesson(files, tokenizer, written, pack != null, numThreads);
        }
        if (!labels.isEmpty()) {
            return new LabelLesson(
                    files("--labels", labels), data.tokenizer().required("--labels", given));
        }
        if (!preferences.isEmpty()) {
            requireNewAdapter(model);
            Lesson.HeldOut files = files("--preferences", preferences);
            Tokenizer tokenizer = data.tokenizer().required("--preferences", given);
            double strength = beta == null ? PreferenceOptimization.BETA : beta;
            return new PreferenceLesson(
                    files, tokenizer, template(model, tokenizer, command), strength);
        }
        return data.read(given, run, numThreads, command);
    }

    /**
     * Refuses options that do not go together.
     *
     * @throws IllegalArgumentException if some do not
     */
    void requireUse() {
        data.requireUse();
        Map<String, List<Path>> kinds = new LinkedHashMap<>();
        kinds.put("--examples", examples);
        kinds.put("--labels", labels);
        kinds.put("--preferences", preferences);
        kinds.values().removeIf(List::isEmpty);
        if (kinds.size() > 1) {
            throw new IllegalArgumentException(
                    "%s do not go together; give one of them"
                            .formatted(String.join(" and ", kinds.keySet())));
        }
        requireFor(!examples.isEmpty(), "--pack", pack != null, "--examples");
        requireFor(!preferences.isEmpty(), "--beta", beta != null, "--preferences");
        boolean isChat = !examples.isEmpty() || !preferences.isEmpty();
        requireFor(isChat, "--chat-template", chatTemplate != null, "--examples or --preferences");
    }

    private static void requireFor(boolean isFit, String option, boolean isGiven, String kinds) {
        if (isGiven && !isFit) {
            throw new IllegalArgumentException(
                    "%s is for %s; give them, or leave it out".formatted(option, kinds));
        }
    }

    /** What an adapter that learns preferences begins with is what it is compared with. */
    private static void requireNewAdapter(ModelOptions model) {
        if (model.lora().isEmpty()) {
            throw new IllegalArgumentException(
                    "--preferences need a new adapter, beside which the model stays what it is"
                            + " compared with; give --init-from and --lora-rank, and merge an"
                            + " adapter that is there with gpt merge");
        }
    }

    private Optional<ChatTemplate> template(
            ModelOptions model, Tokenizer tokenizer, CommandSpec command)
            throws IOException, MalformedModelException {
        return ChatOptions.ofMessages(
                chatTemplate, model.tokenizerFolder(), tokenizer, command.commandLine().getErr());
    }

    /** Returns whether a classifier is made, which is written as a whole. */
    boolean makesClassifier() {
        return !labels.isEmpty();
    }

    /** Returns whether the lesson is a text. */
    boolean isText() {
        return examples.isEmpty() && labels.isEmpty() && preferences.isEmpty();
    }

    /** Returns the options of a text. */
    DataOptions data() {
        return data;
    }

    private Lesson.HeldOut files(String option, List<Path> files) {
        data.requireNoText(option);
        TextOptions.requireNamed(option, files);
        return data.heldOut(files);
    }
}
