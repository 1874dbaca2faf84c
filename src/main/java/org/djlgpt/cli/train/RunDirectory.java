package org.djlgpt.cli.train;

import ai.djl.MalformedModelException;

import org.djlgpt.cli.console.Failures;
import org.djlgpt.cli.option.OutFolder;
import org.djlgpt.cli.option.TokenFiles;
import org.djlgpt.training.Checkpoint;
import org.djlgpt.training.CheckpointLock;
import org.djlgpt.training.EvaluationReport;
import org.djlgpt.training.TrainingLoopListener;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The folder that a training leaves: the model, its metrics, its loss curve and a checkpoint to go
 * on from.
 *
 * <p>As it listens to a training, it deletes what an earlier run has left as soon as the new one
 * has something to put in its place, so that it never holds parts of both. Comes before all
 * listeners that write.
 */
final class RunDirectory implements TrainingLoopListener {

    private static final String METRICS = "metrics.jsonl";
    private static final String CURVE = "loss.png";
    private static final String TOKENS = "tokens";
    private static final String ROUNDS = "rounds";
    private static final String ROUNDS_LOG = "rounds.jsonl";

    private final Path path;
    private boolean isNew;
    private boolean tried;
    private boolean replaced;
    private boolean hasTokens;

    RunDirectory(Path path) {
        this.path = path;
    }

    /**
     * Refuses a folder that another training writes to.
     *
     * @throws IllegalArgumentException if there is one
     */
    void requireFree() throws IOException {
        CheckpointLock.requireFree(checkpoint());
    }

    /**
     * Creates the folder and makes sure that it takes files, before hours of training.
     *
     * @throws IllegalArgumentException if it can't be created or written
     */
    void create() {
        try {
            isNew = Files.notExists(path);
            Files.createDirectories(path);
            Files.delete(Files.createTempFile(path, ".write", ".tmp"));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "--out %s can't be written (%s); name a folder that you may write to"
                            .formatted(path, Failures.message(e)),
                    e);
        }
    }

    /** Deletes the folder again if it was created for a run that came to nothing. */
    void withdraw() throws IOException {
        if (isNew && !replaced) {
            try (Stream<Path> files = Files.walk(path)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /**
     * Reads the checkpoint.
     *
     * @throws IllegalArgumentException if there is none
     */
    Checkpoint readCheckpoint() throws IOException, MalformedModelException {
        if (!Files.isRegularFile(checkpoint())) {
            throw new IllegalArgumentException(
                    "--resume %s has no %s; name the folder of a run that has saved one"
                            .formatted(path, OutFolder.CHECKPOINT));
        }
        return Checkpoint.read(checkpoint());
    }

    @Override
    public void onResume(int step) {
        tried = true;
        replaced = true;
    }

    @Override
    public void onEvaluation(EvaluationReport report) throws IOException {
        if (report.step() > 0) {
            clear();
        }
    }

    @Override
    public void beforeCheckpoint(int step) throws IOException {
        clear();
    }

    /** Deletes what an earlier run has left, except its model, which is replaced whole. */
    private void clear() throws IOException {
        if (!tried) {
            tried = true; // once, or what the new run has written would go too
            for (String file : List.of(OutFolder.CHECKPOINT, METRICS, CURVE, ROUNDS_LOG)) {
                Files.deleteIfExists(path.resolve(file));
            }
            if (!hasTokens) {
                deleteTokens();
            }
            replaced = true;
        }
    }

    private void deleteTokens() throws IOException {
        Path folder = path.resolve(TOKENS);
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                if (TokenFiles.isPart(file.getFileName().toString())) {
                    Files.deleteIfExists(file);
                }
            }
        }
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            // someone else has put something there
        }
    }

    /** Returns where this run keeps the tokens of a text that is too large for memory. */
    Path tokens() {
        hasTokens = true;
        return path.resolve(TOKENS);
    }

    /** Returns whether there is a checkpoint of the run that it listened to. */
    boolean isSaved() {
        return replaced && Files.exists(checkpoint());
    }

    /** Returns whether nothing of an earlier run is left, except its model. */
    boolean isReplaced() {
        return replaced;
    }

    Path path() {
        return path;
    }

    /** Returns where a cluster keeps what a run can go on from. */
    Path rounds() {
        return path.resolve(ROUNDS).toAbsolutePath();
    }

    /** Returns where a line for each worker and round of a cluster goes. */
    Path roundsLog() {
        return path.resolve(ROUNDS_LOG);
    }

    Path checkpoint() {
        return path.resolve(OutFolder.CHECKPOINT);
    }

    Path metrics() {
        return path.resolve(METRICS);
    }

    Path curve() {
        return path.resolve(CURVE);
    }
}
