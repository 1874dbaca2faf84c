package org.djlgpt.data;

/**
 * A set cut in two.
 *
 * @param training what to train on
 * @param heldOut what is held out
 * @param <S> what kind of set it is
 */
public record Split<S extends TrainingSet>(S training, S heldOut) {}
