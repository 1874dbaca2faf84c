package org.djlgpt.spark;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.djlgpt.data.TokenFile;
import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.model.GptModel;
import org.djlgpt.nn.Autocast;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Recording;
import org.djlgpt.training.Batches;
import org.djlgpt.training.Evaluation;
import org.djlgpt.training.FlatTensors;
import org.djlgpt.training.StepHook;
import org.djlgpt.training.StepReport;
import org.djlgpt.training.TrainingStep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * A worker of a training, in whatever process its rank is at work: the model, its part of the data
 * and the optimizer's moments, which stay from round to round.
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
    private final TokenWindows training;
    private final TokenWindows validation;
    private final TrainingStep step;
    private final FlatTensors weights;
    private final Evaluation evaluation;
    private float[][] residuals;
    private long attempt = NONE;
    private int loadedRound = -1;

    private Worker(TrainingJob job, int rank) throws IOException, MalformedModelException {
        this.job = job;
        this.rank = rank;
        manager = ComputeDevice.newManager();
        folder = job.roundFolder();
        GptModel model = job.source().make(manager);
        int context = model.config().contextLength();
        training = local(windows(job.training(), context, job.stride()));
        validation = windows(job.validation(), context, context);
        int seed = job.plan().seed() + rank * SEEDS_BETWEEN_RANKS;
        Batches batches = Batches.shuffled(training, job.plan().batchSize(), seed);
        step = new TrainingStep(model, manager, batches, job.plan().withSeed(seed), StepHook.NONE);
        weights = new FlatTensors(step.weights());
        evaluation = new Evaluation(model, manager, job.plan().batchSize());
        requireKnownIds(model.config().vocabSize());
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

    private void requireKnownIds(int vocabSize) {
        training.requireIdsBelow(vocabSize);
        validation.requireIdsBelow(vocabSize);
    }

    /** Says which windows this worker trains on, and what is held out. */
    String[] fingerprints() {
        return new String[] {training.fingerprint(), validation.fingerprint()};
    }

    /** Takes over the parameters of a round, and returns how many bytes it had to read for that. */
    private long load(Round round) throws IOException {
        if (loadedRound == round.number()) {
            return 0;
        }
        Fragments fragments = job.fragments();
        for (int i = 0; i < fragments.count(); i++) {
            String name = round.parameters().get(i);
            weights.set(fragments.from(i), folder.read(name, fragments.length(i)));
        }
        loadedRound = round.number();
        return Float.BYTES * fragments.numbers();
    }

    /** Returns what this worker adds to the loss on the held-out windows. */
    Evaluation.LossSum evaluate(Round round) throws IOException {
        synchronized (Worker.class) { // the process has one engine
            load(round);
            try (Autocast scope = autocast()) {
                long windows = (long) job.plan().evalBatches() * job.plan().batchSize();
                return evaluation.share(validation, windows, rank, job.rounds().workers());
            }
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
            long received = load(round);
            boolean afresh = !hasMomentsOf(round);
            attempt = NONE;
            loadedRound = -1;
            RoundResult result = new RoundResult(job, round, rank, attemptId, afresh);
            result.loaded(received, begin);
            try (Autocast scope = autocast()) {
                steps(round.state().step(), result);
            }
            if (!areFinite()) {
                result.leaveOut();
            }
            result.encodeLater(this, step.updates());
            return result;
        }
    }

    private void steps(int done, RoundResult result) throws IOException {
        int bad = 0;
        for (int i = 0; i < job.steps(done); i++) {
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

    FlatTensors weights() {
        return weights;
    }

    /** Returns what earlier messages left out of a fragment, to be changed in place. */
    float[] residual(int fragment) {
        if (job.rounds().format() == ChangeFormat.FLOAT32) {
            return null;
        }
        if (residuals == null) {
            residuals = new float[job.fragments().count()][];
        }
        if (residuals[fragment] == null) {
            residuals[fragment] = new float[job.fragments().length(fragment)];
        }
        return residuals[fragment];
    }

    /** Remembers that an attempt has told all there is to tell. */
    void finish(long attemptId) {
        attempt = attemptId;
    }

    /** Brings the moments to those that the last round left, or to none. */
    private boolean hasMomentsOf(Round round) throws IOException {
        if (round.workers().isEmpty()) {
            forget();
            return true;
        }
        Round.WorkerState left = round.workers().get(rank);
        if (left.attempt() == attempt) {
            return true;
        }
        if (left.file() != null && folder.exists(left.file())) {
            read(left);
            return true;
        }
        forget();
        return false;
    }

    private void forget() {
        residuals = null;
        FlatTensors moments = step.optimizerState();
        long numbers = moments.count();
        for (long from = 0; from < numbers; from += Fragments.NUMBERS) {
            moments.set(from, new float[(int) Math.min(Fragments.NUMBERS, numbers - from)]);
        }
        step.setUpdates(0);
    }

    private void read(Round.WorkerState left) throws IOException {
        FlatTensors moments = step.optimizerState();
        long numbers = moments.count();
        try (FSDataInputStream in = folder.open(left.file())) {
            for (long from = 0; from < numbers; from += Fragments.NUMBERS) {
                int count = (int) Math.min(Fragments.NUMBERS, numbers - from);
                moments.set(from, RoundFolder.read(in, count));
            }
            for (int i = 0; residual(0) != null && i < job.fragments().count(); i++) {
                float[] residual = residual(i);
                System.arraycopy(
                        RoundFolder.read(in, residual.length), 0, residual, 0, residual.length);
            }
        }
        step.setUpdates(left.updates());
    }

    /**
     * Stores the moments, and what messages have left out, if they are those that the last round
     * left.
     *
     * @return the file; empty if they are lost
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

    /** Stores them in a file of an attempt, whose name is returned. */
    String write(int round, long attemptId) throws IOException {
        String file = RoundFolder.name(round, "worker", rank, attemptId);
        FlatTensors moments = step.optimizerState();
        long numbers = moments.count();
        try (FSDataOutputStream out = folder.create(file)) {
            for (long from = 0; from < numbers; from += Fragments.NUMBERS) {
                int count = (int) Math.min(Fragments.NUMBERS, numbers - from);
                RoundFolder.write(out, moments.get(from, count));
            }
            for (int i = 0; residual(0) != null && i < job.fragments().count(); i++) {
                RoundFolder.write(out, residual(i));
            }
        }
        return file;
    }

    private void close() {
        step.close();
        manager.close();
    }
}
