package org.djlgpt.cli;

import ai.djl.MalformedModelException;

import org.djlgpt.tuning.ChatTemplate;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
            names = "--chat-template",
            paramLabel = "NAME",
            description =
                    "how the messages of --examples are written: chatml, llama3 or alpaca (default:"
                            + " none)")
    private String chatTemplate;

    @Option(
            names = "--pack",
            description =
                    "put several short examples into a row, where none sees another; fewer steps"
                            + " see them all")
    private boolean pack;

    /**
     * Prepares what to learn from; of examples nothing is read yet.
     *
     * @param run where the tokens of a large text go
     * @param numThreads how many threads read text
     */
    Lesson read(ModelOptions model, RunDirectory run, int numThreads, CommandSpec command)
            throws IOException, MalformedModelException {
        if (!examples.isEmpty()) {
            requireNone("--labels", labels, "--examples");
            return new ExampleLesson(
                    files("--examples", examples),
                    data.tokenizer("--examples", model.tokenizer()),
                    Optional.ofNullable(chatTemplate).map(ChatTemplate::named),
                    pack);
        }
        if (chatTemplate != null || pack) {
            throw new IllegalArgumentException(
                    "%s is for --examples; give them, or leave it out"
                            .formatted(pack ? "--pack" : "--chat-template"));
        }
        return labels.isEmpty()
                ? data.read(model.tokenizer(), run, numThreads, command)
                : new LabelLesson(
                        files("--labels", labels), data.tokenizer("--labels", model.tokenizer()));
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

    private static void requireNone(String option, List<Path> given, String other) {
        if (!given.isEmpty()) {
            throw new IllegalArgumentException(
                    "%s %s does not go with %s; give one of them"
                            .formatted(option, given.get(0), other));
        }
    }
}
