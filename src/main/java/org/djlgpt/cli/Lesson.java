package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.data.TrainingSet;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.training.Objective;

import java.io.IOException;
import java.util.List;

/** What a training learns, from what, and what {@code gpt train} says of it. */
interface Lesson {

    /**
     * What those score who know little: a measure for a loss.
     *
     * @param name a word for it
     * @param loss its loss
     * @param meaning what it knows, for a person
     */
    record Yardstick(String name, double loss, String meaning) {}

    /** Returns what makes the tokens. */
    Tokenizer tokenizer();

    /** Says what there is to learn from. */
    void describe(TrainingReport report);

    /**
     * Returns what to train on.
     *
     * @throws IllegalArgumentException if it is too little for a model of this size
     */
    TrainingSet training(GptConfig size);

    /**
     * Returns what is held out.
     *
     * @throws IllegalArgumentException if it is too little for a model of this size
     */
    TrainingSet validation(GptConfig size);

    /** Returns what the training makes smaller, when it begins with a model. */
    Objective objective(GptModel base);

    /** Returns measures for the loss, the best one last. */
    List<Yardstick> yardsticks(GptConfig size);

    /** Says what was learnt. */
    void conclude(TrainingRun run, TrainingReport report, NDManager manager)
            throws IOException, MalformedModelException;
}
