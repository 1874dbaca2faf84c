package org.djlgpt.spark;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;

import org.djlgpt.training.TrainingPlan;
import org.djlgpt.training.TrainingState;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A training between two rounds: where it stands, and in which files of its folder the rest is.
 *
 * @param number the rounds done
 * @param state where the training stands
 * @param parameters a file for each fragment
 * @param velocity a file for each fragment, with the running sum of the outer changes; empty before
 *     the first round and without momentum
 * @param workers what each worker left, by rank; empty before the first round
 */
record Round(
        int number,
        TrainingState state,
        List<String> parameters,
        List<String> velocity,
        List<WorkerState> workers)
        implements Serializable {

    /**
     * What a worker left of its moments.
     *
     * @param attempt the attempt that counted, which the worker's process remembers
     * @param updates how many updates the moments come from
     * @param file where they are stored; null if they are in the process alone
     */
    record WorkerState(long attempt, int updates, String file) implements Serializable {}

    /** Returns the round behind an evaluation. */
    Round evaluated(double loss) {
        return new Round(number, state.evaluated(loss), parameters, velocity, workers);
    }

    /** Returns the round whose workers have stored what they left; an empty name is none. */
    Round stored(List<String> files) {
        List<WorkerState> stored = new ArrayList<>();
        for (int rank = 0; rank < files.size(); rank++) {
            WorkerState left = workers.get(rank);
            String file = files.get(rank);
            stored.add(
                    new WorkerState(left.attempt(), left.updates(), file.isEmpty() ? null : file));
        }
        return new Round(number, state, parameters, velocity, stored);
    }

    /**
     * A round that a training can go on from, as it is stored.
     *
     * @param round the round
     * @param plan how each worker trains
     * @param rounds how the workers meet
     * @param fragments how the parameters are cut
     * @param trainingData the fingerprint of the data to train on
     * @param validationData the fingerprint of what is held out
     * @param notes what the program that trains had to add
     */
    record Stored(
            Round round,
            TrainingPlan plan,
            RoundPlan rounds,
            Fragments fragments,
            String trainingData,
            String validationData,
            Map<String, String> notes) {

        private static final Gson GSON =
                new GsonBuilder().serializeSpecialFloatingPointValues().create();

        String json() {
            return GSON.toJson(this);
        }

        /**
         * Reads it back.
         *
         * @throws IllegalArgumentException if it is none
         */
        static Stored of(String name, String json) {
            Stored stored;
            try {
                stored = GSON.fromJson(json, Stored.class);
            } catch (JsonParseException | IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "%s: is no stored round: %s".formatted(name, e.getMessage()), e);
            }
            if (stored == null
                    || stored.round == null
                    || stored.plan == null
                    || stored.rounds == null
                    || stored.fragments == null) {
                throw new IllegalArgumentException("%s: is no stored round".formatted(name));
            }
            return stored;
        }
    }
}
