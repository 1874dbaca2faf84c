package org.djlgpt.spark;

import java.io.IOException;

/** Hears of the rounds of a {@link SparkTraining}. */
@FunctionalInterface
public interface RoundListener {

    /**
     * Hears of a round.
     *
     * @param report the round
     * @throws IOException if the listener can't write
     */
    void onRound(RoundReport report) throws IOException;
}
