package org.djlgpt.spark;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.djlgpt.data.TokenFile;
import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.data.TrainingSet;
import org.djlgpt.nn.Autocast;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Recording;
import org.djlgpt.training.Batches;
import org.djlgpt.training.Evaluation;
import org.djlgpt.training.Learner;
import org.djlgpt.training.Objective;
import org.djlgpt.training.StepHook;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingStep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A worker of a training, in whatever process its rank is at work: the model, its part of the data
 * and its {@link WorkerMemory}, which stay from round to round.
 *
 * <p>A rank may move to another process; its place there is empty. Whether what is found still is
 * what the last round left, {@link #attempt} tells: it is that of the attempt that counted, and
 * none while a round is under way.
 */
final class Worker {

    private static final long NONE = -1;
    private static final int SEEDS_BETWEEN_RANKS = 1_000_003;
    private static final Map<Integer, Worker> WORKERS = new HashMap<>();
    private static String run;

    private final TrainingJob job;
    private final int rank;
    private final NDManager manager;
    private final RoundFolder folder;
    private final TrainingSet training;
    private final TrainingSet validation;
    private final TrainingStep step;
    private final WorkerMemory memory;
    private final Evaluation evaluation;
    private long attempt = NONE;
    private int loadedRound = -1;

    private Worker(TrainingJob job, int rank) throws IOException, MalformedModelException {
        this.job = job;
        this.rank = rank;
        manager = ComputeDevice.newManager();
        folder = job.roundFolder();
        Learner learner = job.source().make(manager);
        Objective objective = learner.objective();
        if (job.training() == null) {
            objective.requireFit(learner.model(), learner.training());
            training = learner.training().shard(rank, job.rounds().workers());
            validation = learner.validation();
        } else {
            int context = learner.model().config().contextLength();
            training = local(windows(job.training(), context, job.stride()));
            validation = windows(job.validation(), context, context);
            objective.requireFit(learner.model(), training);
        }
        objective.requireFit(learner.model(), validation);
        int seed = job.plan().seed() + rank * SEEDS_BETWEEN_RANKS;
        step =
                new TrainingStep(
                        learner.model(),
                        objective,
                        manager,
                        Batches.shuffled(training, job.plan().batchSize(), seed),
                        job.plan().withSeed(seed),
                        StepHook.NONE);
        memory = new WorkerMemory(job, step);
        evaluation = new Evaluation(learner.model(), objective, manager, job.plan().batchSize());
    }

    /** Returns the worker of a rank in this process, which is new if the rank was elsewhere. */
    static synchronized Worker of(TrainingJob job, int rank)
            throws IOException, MalformedModelException {
        if (!job.run().equals(run)) {
            WORKERS.values().forEach(Worker::close);
            WORKERS.clear();
            run = job.run();
        }
        Worker worker = WORKERS.get(rank);
        if (worker == null) {
            worker = new Worker(job, rank);
            WORKERS.put(rank, worker);
        }
        return worker;
    }

    private TokenWindows windows(TokenFiles files, int context, int stride) throws IOException {
        return TokenWindows.builder()
                .setTokens(files.open(job.hadoop()))
                .setContextLength(context)
                .optStride(stride)
                .build();
    }

    /** Returns this worker's part of the windows, on this machine. */
    private TokenWindows local(TokenWindows all) throws IOException {
        TokenWindows part = all.shard(rank, job.rounds().workers());
        if (!job.training().isRemote(job.hadoop())) {
            return part;
        }
        Path copy = Files.createTempFile("djlgpt-" + rank + "-", ".bin");
        copy.toFile().deleteOnExit();
        Tokens tokens = TokenFile.write(copy, part.tokens());
        return TokenWindows.builder()
                .setTokens(tokens)
                .setContextLength(all.contextLength())
                .optStride(job.stride())
                .build();
    }

    /** Says on what this worker trains, what is held out, and what stays as it is. */
    List<String> fingerprints() {
        return List.of(training.fingerprint(), validation.fingerprint(), step.frozenFingerprint());
    }

    /**
     * Takes over the parameters of a round: all of them, or what was exchanged since this worker's
     * last steps.
     *
     * @return how many bytes it had to read for that
     */
    private long load(Round round, boolean all) throws IOException {
        if (loadedRound == round.number()) {
            return 0;
        }
        long numbers = 0;
        Pieces pieces = job.pieces();
        for (int i = 0; i < pieces.count(); i++) {
            if (all || round.isNew(i)) {
                String name = round.parameters().get(i);
                memory.weights().set(pieces.from(i), folder.read(name, pieces.length(i)));
                numbers += pieces.length(i);
            }
        }
        loadedRound = round.number();
        return Float.BYTES * numbers;
    }

    /** Returns what this worker adds to the loss on what is held out. */
    Evaluation.LossSum evaluate(Round round) throws IOException {
        synchronized (Worker.class) { // the process has one engine
            if (!memory.hasOwnParameters()) {
                load(round, true);
                return share();
            }
            float[][] own = memory.parameters(); // not all were exchanged in this round
            int loaded = loadedRound;
            loadedRound = -1;
            try {
                load(round, true);
                return share();
            } finally {
                memory.setParameters(own);
                loadedRound = loaded;
            }
        }
    }

    private Evaluation.LossSum share() {
        try (Autocast scope = autocast()) {
            long count = (long) job.plan().evalBatches() * job.plan().batchSize();
            return evaluation.share(validation, count, rank, job.rounds().workers());
        }
    }

    private Autocast autocast() {
        return job.bfloat16() ? Autocast.bfloat16() : Autocast.float32();
    }

    /**
     * Does the steps of a round.
     *
     * @param attemptId Spark's number of this attempt
     * @return where the parameters have arrived
     */
    RoundResult train(Round round, long attemptId) throws IOException {
        synchronized (Worker.class) {
            long begin = System.nanoTime();
            boolean afresh = !hasMomentsOf(round);
            boolean isFirst = round.workers().isEmpty();
            boolean all = afresh || isFirst || !memory.hasOwnParameters();
            long received = load(round, all);
            attempt = NONE;
            loadedRound = -1;
            RoundResult result = new RoundResult(job, round, rank, attemptId, afresh);
            result.loaded(received, begin);
            try (Autocast scope = autocast()) {
                steps(round, result);
            }
            if (!areFinite()) {
                result.leaveOut();
            }
            result.encodeLater(this, step.updates());
            return result;
        }
    }

    private void steps(Round round, RoundResult result) throws IOException {
        int done = round.state().step();
        int bad = 0;
        for (int i = 0; i < job.next(round).steps(); i++) {
            StepReport report = step.run(done + i);
            result.add(report);
            if (!Double.isFinite(report.loss()) || !Double.isFinite(report.gradientNorm())) {
                bad++;
                if (bad > job.skipBadSteps()) {
                    result.leaveOut();
                    return;
                }
            }
        }
    }

    private boolean areFinite() {
        try (Recording off = Recording.off();
                NDManager sums = manager.newSubManager()) {
            for (NDArray weight : step.weights()) {
                NDArray sum = weight.sum();
                sum.attach(sums);
                if (!Float.isFinite(sum.getFloat())) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Returns what is this worker's alone. */
    WorkerMemory memory() {
        return memory;
    }

    /** Remembers that an attempt has told all there is to tell. */
    void finish(long attemptId) {
        attempt = attemptId;
    }

    /** Brings the moments to those that the last round left, or to none. */
    private boolean hasMomentsOf(Round round) throws IOException {
        if (round.workers().isEmpty()) {
            memory.forget();
            return true;
        }
        Round.WorkerState left = round.workers().get(rank);
        if (left.attempt() == attempt) {
            return true;
        }
        if (left.file() != null && folder.exists(left.file())) {
            try (FSDataInputStream in = folder.open(left.file())) {
                memory.read(in, left.updates());
            }
            return true;
        }
        memory.forget();
        return false;
    }

    /**
     * Stores what is this worker's alone, if it is what the last round left.
     *
     * @return the file; empty if it is lost
     */
    String store(Round round, long attemptId) throws IOException {
        synchronized (Worker.class) {
            Round.WorkerState left = round.workers().get(rank);
            if (left.file() != null) {
                return left.file();
            }
            return attempt != NONE && left.attempt() == attempt
                    ? write(round.number(), attemptId)
                    : "";
        }
    }

    /** Stores it in a file of an attempt, whose name is returned. */
    String write(int round, long attemptId) throws IOException {
        String file = RoundFolder.name(round, "worker", rank, attemptId);
        try (FSDataOutputStream out = folder.create(file)) {
            memory.write(out);
        }
        return file;
    }

    private void close() {
        step.close();
        manager.close();
    }
}
