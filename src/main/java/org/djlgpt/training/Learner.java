package org.djlgpt.training;

import org.djlgpt.data.TrainingSet;
import org.djlgpt.model.GptTrunk;

import java.util.Objects;

/**
 * What is trained, by what measure, and on what.
 *
 * @param model an initialized model; its parameters that require no gradient stay as they are
 * @param objective what is made smaller
 * @param training what to train on; null if that is given elsewhere, as token files may be
 * @param validation what is held out; null likewise
 */
public record Learner(
        GptTrunk model, Objective objective, TrainingSet training, TrainingSet validation) {

    /**
     * Checks that all is there.
     *
     * @param model an initialized model
     * @param objective what is made smaller
     * @param training what to train on, or null
     * @param validation what is held out, or null
     * @throws IllegalArgumentException if one of the two sets is there without the other
     */
    public Learner {
        Objects.requireNonNull(model, "model");
        Objects.requireNonNull(objective, "objective");
        if ((training == null) != (validation == null)) {
            throw new IllegalArgumentException(
                    "what to train on and what is held out go together; give both, or neither");
        }
    }

    /**
     * Learns to go on with a text that is given elsewhere.
     *
     * @param model an initialized model
     */
    public Learner(GptTrunk model) {
        this(model, Objective.nextToken(), null, null);
    }
}
