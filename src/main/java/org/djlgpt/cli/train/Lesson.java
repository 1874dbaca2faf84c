package org.djlgpt.cli.train;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.data.Split;
import org.djlgpt.data.TrainingSet;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.GptTrunk;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.training.Objective;
import org.djlgpt.tuning.ChatTemplate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/** What a training learns, from what, and what {@code gpt train} says of it. */
interface Lesson {

    /**
     * What those score who know little: a measure for a loss.
     *
     * @param name a word for it
     * @param loss its loss
     * @param meaning what it knows, for a person
     */
    record Yardstick(String name, double loss, String meaning) {

        static Yardstick uniform(int vocabSize) {
            return new Yardstick(
                    "uniform",
                    Math.log(vocabSize),
                    "knowing nothing: every token equally likely (uniform)");
        }
    }

    /**
     * Files to learn from, and what to hold out of them.
     *
     * @param training what to train on
     * @param heldOut what is held out; if nothing, then the end of the former
     * @param share how much of it that is
     */
    record HeldOut(List<Path> training, List<Path> heldOut, double share) {

        /** Returns where it comes from, for a person. */
        String names() {
            return training.stream().map(Path::toString).collect(Collectors.joining(", "));
        }

        /**
         * Reads both.
         *
         * @param reader reads files, those to train on first
         * @param end takes a share off, where nothing else is held out
         */
        <S extends TrainingSet> Split<S> read(Reader<S> reader, BiFunction<S, Double, Split<S>> end)
                throws IOException {
            S all = reader.read(training);
            return heldOut.isEmpty()
                    ? end.apply(all, share)
                    : new Split<>(all, reader.read(heldOut));
        }
    }

    /** Reads files of one kind. */
    @FunctionalInterface
    interface Reader<S extends TrainingSet> {

        S read(List<Path> files) throws IOException;
    }

    /**
     * What was read.
     *
     * @param training what to train on
     * @param validation what is held out
     * @param description what there is to say of it, line by line, the first behind a label
     */
    record Material(TrainingSet training, TrainingSet validation, List<String> description) {}

    /** Returns what makes the tokens. */
    Tokenizer tokenizer();

    /**
     * Reads what there is, for a model of a size.
     *
     * @throws IllegalArgumentException if it is too little, or none
     */
    Material read(GptConfig size) throws IOException;

    /** Returns what is trained, when the training begins with a model; called once it is read. */
    default GptTrunk learner(GptModel base, NDManager manager) {
        return base;
    }

    /** Returns how messages are written, if there are any. */
    default Optional<ChatTemplate> template() {
        return Optional.empty();
    }

    /** Returns what the training makes smaller, when it begins with a model. */
    Objective objective(GptModel base);

    /** Returns measures for the loss, the best one last. */
    List<Yardstick> yardsticks(GptConfig size);

    /** Says what was learnt. */
    void conclude(TrainingRun run, TrainingReport report, NDManager manager)
            throws IOException, MalformedModelException;
}
