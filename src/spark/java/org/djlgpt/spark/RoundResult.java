package org.djlgpt.spark;

import org.apache.spark.SparkEnv;
import org.djlgpt.training.StepReport;

import scala.Tuple2;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Where a worker arrived, message by message, each made when Spark asks for it: one for each piece
 * that is exchanged, and a {@link WorkerReport} at the end.
 *
 * <p>The key of a message has the piece in its upper half, the number of pieces for a report, and
 * the rank in the lower one. So messages can be sorted by piece, then rank.
 */
final class RoundResult implements Iterator<Tuple2<Long, byte[]>> {

    private final TrainingJob job;
    private final Round round;
    private final int rank;
    private final long attempt;
    private final boolean afresh;
    private final List<Integer> pieces;
    private final List<StepReport> steps = new ArrayList<>();
    private Worker worker;
    private int updates;
    private boolean leftOut;
    private long received;
    private long sent;
    private double exchanging;
    private int next;

    RoundResult(TrainingJob job, Round round, int rank, long attempt, boolean afresh) {
        this.job = job;
        this.round = round;
        this.rank = rank;
        this.attempt = attempt;
        this.afresh = afresh;
        pieces = job.pieces().exchanged(job.next(round));
    }

    static int piece(long key) {
        return (int) (key >>> Integer.SIZE);
    }

    void loaded(long bytes, long begin) {
        received = bytes;
        exchanging += secondsSince(begin);
    }

    void add(StepReport step) {
        steps.add(step);
    }

    void leaveOut() {
        leftOut = true;
        next = pieces.size(); // the report alone
    }

    void encodeLater(Worker worker, int updates) {
        this.worker = worker;
        this.updates = updates;
    }

    @Override
    public boolean hasNext() {
        return next <= pieces.size();
    }

    @Override
    public Tuple2<Long, byte[]> next() {
        long begin = System.nanoTime();
        try {
            boolean last = next == pieces.size();
            int piece = last ? job.pieces().count() : pieces.get(next);
            long key = (long) piece << Integer.SIZE | rank;
            byte[] message = last ? report().bytes() : encode(piece);
            next++;
            exchanging += secondsSince(begin);
            return new Tuple2<>(key, message);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] encode(int piece) throws IOException {
        Pieces cut = job.pieces();
        int length = cut.length(piece);
        float[] arrived = worker.memory().weights().get(cut.from(piece), length);
        ChangeFormat format = job.rounds().format();
        float[] begun =
                format == ChangeFormat.FLOAT32
                        ? null
                        : job.roundFolder().read(round.parameters().get(piece), length);
        byte[] message = format.encode(arrived, begun, worker.memory().residual(piece));
        sent += message.length;
        return message;
    }

    private WorkerReport report() throws IOException {
        String momentsFile = null;
        if (!leftOut) {
            worker.finish(attempt);
            if (job.rounds().keepMoments()) {
                momentsFile = worker.write(round.number() + 1, attempt);
            }
        }
        SparkEnv env = SparkEnv.get();
        int skipped = 0;
        long tokens = 0;
        double computing = 0;
        for (StepReport step : steps) {
            tokens += step.tokens();
            computing += step.tokens() / step.tokensPerSecond();
            skipped += Double.isFinite(step.loss() + step.gradientNorm()) ? 0 : 1;
        }
        return new WorkerReport(
                rank,
                env.blockManager().blockManagerId().host(),
                env.executorId(),
                attempt,
                steps.stream().mapToDouble(StepReport::loss).toArray(),
                steps.stream().mapToDouble(StepReport::gradientNorm).toArray(),
                tokens,
                updates,
                skipped,
                leftOut,
                afresh,
                momentsFile,
                received,
                sent,
                computing,
                exchanging);
    }

    private static double secondsSince(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }
}
