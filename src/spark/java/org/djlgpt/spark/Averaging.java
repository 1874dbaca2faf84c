package org.djlgpt.spark;

import com.google.gson.Gson;

import org.apache.spark.Partitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;

import scala.Tuple2;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Where workers meet: the step of each fragment from where they began towards the mean of where
 * they arrived. Messages come sorted by fragment and rank, so that a sum does not depend on who was
 * first.
 */
record Averaging(TrainingJob job, Round round)
        implements FlatMapFunction<Iterator<Tuple2<Long, byte[]>>, String> {

    private static final Gson GSON = new Gson();

    /** Sends the messages of a fragment to one place, and reports to any. */
    static final class ByFragment extends Partitioner {

        private static final long serialVersionUID = 1;

        private final int fragments;

        ByFragment(Fragments fragments) {
            this.fragments = fragments.count();
        }

        @Override
        public int numPartitions() {
            return fragments;
        }

        @Override
        public int getPartition(Object key) {
            int fragment = RoundResult.fragment((Long) key);
            return fragment < fragments ? fragment : (int) ((Long) key % fragments);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof ByFragment same && same.fragments == fragments;
        }

        @Override
        public int hashCode() {
            return fragments;
        }
    }

    /**
     * What came of a fragment, or a worker's report.
     *
     * @param fragment which, or -1
     * @param parameters the file with the new parameters
     * @param velocity the file with the new velocity; null without momentum
     * @param report the report; null for a fragment
     */
    record Outcome(int fragment, String parameters, String velocity, WorkerReport report) {

        static Outcome of(String json) {
            return GSON.fromJson(json, Outcome.class);
        }
    }

    @Override
    public Iterator<String> call(Iterator<Tuple2<Long, byte[]>> messages) throws IOException {
        List<String> outcomes = new ArrayList<>();
        Mean mean = null;
        while (messages.hasNext()) {
            Tuple2<Long, byte[]> message = messages.next();
            int fragment = RoundResult.fragment(message._1());
            if (mean != null && mean.fragment != fragment) {
                outcomes.add(GSON.toJson(mean.step()));
                mean = null;
            }
            if (fragment == job.fragments().count()) {
                outcomes.add(report(message._2()));
            } else {
                mean = mean == null ? new Mean(fragment) : mean;
                mean.add(message._2());
            }
        }
        if (mean != null) {
            outcomes.add(GSON.toJson(mean.step()));
        }
        return outcomes.iterator();
    }

    private static String report(byte[] json) {
        return "{\"fragment\":-1,\"report\":%s}"
                .formatted(new String(json, StandardCharsets.UTF_8));
    }

    /** The mean of a fragment as it grows. */
    private final class Mean {

        private final RoundFolder folder;
        private final int fragment;
        private final float[] parameters;
        private final double[] sums;
        private int count;

        Mean(int fragment) throws IOException {
            this.fragment = fragment;
            folder = job.roundFolder();
            int length = job.fragments().length(fragment);
            parameters = folder.read(round.parameters().get(fragment), length);
            sums = new double[length];
        }

        void add(byte[] message) {
            job.rounds().format().add(message, parameters, sums);
            count++;
        }

        Outcome step() throws IOException {
            for (int i = 0; i < sums.length; i++) {
                sums[i] /= count;
            }
            boolean moves = job.rounds().outerMomentum() > 0;
            float[] velocity =
                    moves && !round.velocity().isEmpty()
                            ? folder.read(round.velocity().get(fragment), sums.length)
                            : new float[sums.length];
            job.rounds().outerStep().apply(parameters, sums, velocity);
            String parametersFile = write("parameters", parameters);
            return new Outcome(
                    fragment, parametersFile, moves ? write("velocity", velocity) : null, null);
        }

        private String write(String kind, float[] numbers) throws IOException {
            long attempt = TaskContext.get().taskAttemptId();
            String name = RoundFolder.name(round.number() + 1, kind, fragment, attempt);
            folder.write(name, numbers);
            return name;
        }
    }
}
