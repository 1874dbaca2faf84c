package org.djlgpt.spark;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;

import org.djlgpt.training.TrainingPlan;
import org.djlgpt.training.TrainingState;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A training between two rounds: where it stands, and in which files of its folder the rest is.
 *
 * @param number the rounds done
 * @param state where the training stands
 * @param parameters a file for each piece, of the round that exchanged it last
 * @param velocity a file for each piece, with the running sum of the outer changes; null before it
 *     is exchanged, and without momentum
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

    /** Returns whether the last steps ended with an exchange of a piece, or none were done yet. */
    boolean isNew(int piece) {
        return RoundFolder.round(parameters.get(piece)) == number;
    }

    /** Returns the numbers of the rounds that its files are of. */
    Set<Integer> rounds() {
        Set<Integer> rounds = new HashSet<>(Set.of(number));
        parameters.forEach(file -> rounds.add(RoundFolder.round(file)));
        for (WorkerState left : workers) {
            if (left.file() != null) {
                rounds.add(RoundFolder.round(left.file()));
            }
        }
        return rounds;
    }

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
     * @param pieces how the parameters are cut
     * @param trainingData the fingerprint of the data to train on
     * @param validationData the fingerprint of what is held out
     * @param frozen the fingerprint of parameters that are not trained
     * @param notes what the program that trains had to add
     */
    record Stored(
            Round round,
            TrainingPlan plan,
            RoundPlan rounds,
            Pieces pieces,
            String trainingData,
            String validationData,
            String frozen,
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
                    || stored.pieces == null) {
                throw new IllegalArgumentException("%s: is no stored round".formatted(name));
            }
            return stored;
        }
    }
}
