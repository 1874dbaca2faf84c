package org.djlgpt.training;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.io.SafeTensors;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A training between two steps, in one safetensors file: the parameters that it trains, the
 * optimizer's moments, how far it is, how it is done and what data it learns from. The order of the
 * data and dropout follow from the seed and the step. Of frozen parameters it has a fingerprint
 * only: whoever goes on brings them.
 *
 * <p>{@link TrainingLoop.Builder#optCheckpoint} writes such files, {@link TrainingLoop#resume} goes
 * on from one. The file is replaced whole or not at all (see {@link org.djlgpt.io.AtomicFile}), so
 * whenever the process ends there is the earlier checkpoint or the new one.
 */
public final class Checkpoint {

    /**
     * The values of a {@link TrainingPlan} that may be others when a run goes on: they change no
     * step that is still to come.
     */
    public static final Set<String> FREE = Set.of("steps", "evalEvery", "patience");

    private final Path file;
    private final CheckpointHeader header;

    private Checkpoint(Path file, CheckpointHeader header) {
        this.file = file;
        this.header = header;
    }

    /**
     * Reads what a checkpoint says, but not yet its tensors.
     *
     * @param file the file
     * @return the checkpoint
     * @throws IOException if there is no such file or it can't be read
     * @throws MalformedModelException if it is no checkpoint
     */
    public static Checkpoint read(Path file) throws IOException, MalformedModelException {
        try (SafeTensors tensors = SafeTensors.open(file)) {
            return new Checkpoint(file, header(file, tensors));
        }
    }

    private static CheckpointHeader header(Path file, SafeTensors tensors)
            throws MalformedModelException {
        try {
            return CheckpointHeader.of(tensors.metadata());
        } catch (MalformedModelException e) {
            throw new MalformedModelException(
                    "%s: is no checkpoint of a training: %s".formatted(file, e.getMessage()), e);
        }
    }

    /**
     * Writes a checkpoint without tensors, for a training that keeps them elsewhere: it says how to
     * go on.
     *
     * @param file the file
     * @param step the steps done
     * @param plan how the model is trained
     * @param notes what else to say
     * @throws IOException if it can't be written
     */
    public static void writeNotes(Path file, int step, TrainingPlan plan, Map<String, String> notes)
            throws IOException {
        TrainingState state = new TrainingState(step, 0, Double.NaN, 0, 0, 0, 0, 0);
        CheckpointHeader header = new CheckpointHeader(state, plan, "", "", "", notes);
        SafeTensors.write(file, Map.of(), header.texts());
    }

    static void write(Path file, CheckpointHeader header, TrainingTensors tensors)
            throws IOException {
        SafeTensors.write(file, tensors.byName(), header.texts());
    }

    /**
     * Returns how many steps are done.
     *
     * @return the number of steps, 0 or more
     */
    public int step() {
        return header.state().step();
    }

    /**
     * Returns the lowest validation loss up to here.
     *
     * @return the loss in nats per token
     */
    public double bestLoss() {
        return header.state().bestLoss();
    }

    /**
     * Returns how the model is trained.
     *
     * @return the configuration of the run that wrote the checkpoint
     */
    public TrainingPlan plan() {
        return header.plan();
    }

    /**
     * Returns what the program that wrote the checkpoint had to add.
     *
     * @return the texts by name, unmodifiable
     * @see TrainingLoop.Builder#optNotes
     */
    public Map<String, String> notes() {
        return Collections.unmodifiableMap(header.notes());
    }

    /**
     * Returns where the training stands.
     *
     * @return the state behind the last step
     */
    public TrainingState state() {
        return header.state();
    }

    /** Refuses a run that would not be the same one. */
    void requireSameRun(
            TrainingPlan plan, String trainingData, String validationData, String frozen) {
        Map<String, String> now = plan.values();
        Map<String, String> before = header.plan().values();
        now.keySet()
                .removeIf(name -> FREE.contains(name) || now.get(name).equals(before.get(name)));
        if (!now.isEmpty()) {
            Map<String, String> written = new LinkedHashMap<>(before);
            written.keySet().retainAll(now.keySet());
            throw new IllegalArgumentException(
                    ("%s: was written with %s, but this run has %s; leave out what differs, or"
                                    + " start a new run")
                            .formatted(file, list(written), list(now)));
        }
        requireSameData("training", header.trainingData(), trainingData);
        requireSameData("validation", header.validationData(), validationData);
        if (!header.frozen().equals(frozen)) {
            throw new IllegalArgumentException(
                    ("%s: the parameters that its run does not train are others than this model's;"
                         + " build the model as it was, on the base that it was begun with")
                            .formatted(file));
        }
    }

    private static String list(Map<String, String> values) {
        return values.toString().replaceAll("[{}]", "");
    }

    private void requireSameData(String part, String before, String now) {
        if (!Objects.equals(before, now)) {
            throw new IllegalArgumentException(
                    "%s: its %s data are %s, but this run has %s; give the same data"
                            .formatted(file, part, before, now));
        }
    }

    void restore(TrainingTensors tensors, NDManager manager)
            throws IOException, MalformedModelException {
        try (SafeTensors stored = SafeTensors.open(file)) {
            tensors.restore(stored, state().updates(), manager);
        }
    }
}
