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
 * Where workers meet: the step of each piece from where they began towards the mean of where they
 * arrived. Messages come sorted by piece and rank, so that a sum does not depend on who was first.
 */
record Averaging(TrainingJob job, Round round)
        implements FlatMapFunction<Iterator<Tuple2<Long, byte[]>>, String> {

    private static final Gson GSON = new Gson();

    /** Sends the messages of a piece to one place, and reports to any. */
    static final class ByPiece extends Partitioner {

        private static final long serialVersionUID = 1;

        private final int pieces;
        private final int partitions;

        /** Spreads what is exchanged: all pieces, or every so many-th. */
        ByPiece(Pieces pieces, RoundPlan.Part part) {
            this.pieces = pieces.count();
            partitions = pieces.exchanged(part).size();
        }

        @Override
        public int numPartitions() {
            return partitions;
        }

        @Override
        public int getPartition(Object key) {
            int piece = RoundResult.piece((Long) key);
            long place = piece < pieces ? (long) piece * partitions / pieces : (Long) key;
            return (int) (place % partitions);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof ByPiece same
                    && same.pieces == pieces
                    && same.partitions == partitions;
        }

        @Override
        public int hashCode() {
            return partitions;
        }
    }

    /**
     * What came of a piece, or a worker's report.
     *
     * @param piece which, or -1
     * @param parameters the file with the new parameters
     * @param velocity the file with the new velocity; null without momentum
     * @param report the report; null for a piece
     */
    record Outcome(int piece, String parameters, String velocity, WorkerReport report) {

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
            int piece = RoundResult.piece(message._1());
            if (mean != null && mean.piece != piece) {
                outcomes.add(GSON.toJson(mean.step()));
                mean = null;
            }
            if (piece == job.pieces().count()) {
                outcomes.add(report(message._2()));
            } else {
                mean = mean == null ? new Mean(piece) : mean;
                mean.add(message._2());
            }
        }
        if (mean != null) {
            outcomes.add(GSON.toJson(mean.step()));
        }
        return outcomes.iterator();
    }

    private static String report(byte[] json) {
        return "{\"piece\":-1,\"report\":%s}".formatted(new String(json, StandardCharsets.UTF_8));
    }

    /** The mean of a piece as it grows. */
    private final class Mean {

        private final RoundFolder folder;
        private final int piece;
        private final float[] parameters;
        private final double[] sums;
        private int count;

        Mean(int piece) throws IOException {
            this.piece = piece;
            folder = job.roundFolder();
            int length = job.pieces().length(piece);
            parameters = folder.read(round.parameters().get(piece), length);
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
                    moves && round.velocity().get(piece) != null
                            ? folder.read(round.velocity().get(piece), sums.length)
                            : new float[sums.length];
            job.rounds().outerStep().apply(parameters, sums, velocity);
            String parametersFile = write("parameters", parameters);
            return new Outcome(
                    piece, parametersFile, moves ? write("velocity", velocity) : null, null);
        }

        private String write(String kind, float[] numbers) throws IOException {
            long attempt = TaskContext.get().taskAttemptId();
            String name = RoundFolder.name(round.number() + 1, kind, piece, attempt);
            folder.write(name, numbers);
            return name;
        }
    }
}
