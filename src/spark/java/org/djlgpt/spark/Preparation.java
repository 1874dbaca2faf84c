package org.djlgpt.spark;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;

import com.google.gson.Gson;

import org.apache.spark.SparkEnv;
import org.djlgpt.io.FileProblem;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a worker found before the first round.
 *
 * @param rank counts the workers, from 0
 * @param host the machine
 * @param executor Spark's name of the process
 * @param problem why it can't take part; null if it can
 * @param training which windows it trains on
 * @param validation what is held out
 * @param frozen what stays as it is of the model; empty if all is trained
 */
record Preparation(
        int rank,
        String host,
        String executor,
        String problem,
        String training,
        String validation,
        String frozen) {

    static final String PROBE = "probe";

    private static final Gson GSON = new Gson();

    /** Prepares the worker of a rank in this process. */
    static String of(TrainingJob job, int rank) {
        SparkEnv env = SparkEnv.get();
        String host = env.blockManager().blockManagerId().host();
        String problem;
        List<String> fingerprints = List.of("", "", "");
        try {
            problem = problem(job);
            if (problem == null) {
                fingerprints = Worker.of(job, rank).fingerprints();
            }
        } catch (FileSystemException e) {
            problem =
                    "%s %s; name files that all machines share"
                            .formatted(e.getFile(), FileProblem.of(e));
        } catch (IOException | MalformedModelException | IllegalArgumentException e) {
            problem = e.getMessage();
        }
        return GSON.toJson(
                new Preparation(
                        rank,
                        host,
                        env.executorId(),
                        problem,
                        fingerprints.get(0),
                        fingerprints.get(1),
                        fingerprints.get(2)));
    }

    private static String problem(TrainingJob job) throws IOException {
        try {
            Engine.getInstance();
        } catch (Exception | LinkageError e) {
            return ("has no PyTorch (%s); put pytorch-native-cpu and pytorch-jni on the executors'"
                            + " class path")
                    .formatted(e.getMessage());
        }
        return job.roundFolder().exists(PROBE)
                ? null
                : "does not see the folder %s; name one that all machines share"
                        .formatted(job.folder());
    }

    /**
     * Reads what workers found.
     *
     * @throws IllegalArgumentException if one can't take part; the message says why
     */
    static List<Preparation> all(List<String> found) {
        List<Preparation> all = new ArrayList<>();
        for (String json : found) {
            Preparation preparation = GSON.fromJson(json, Preparation.class);
            if (preparation.problem != null) {
                throw new IllegalArgumentException(
                        "worker %d on %s: %s"
                                .formatted(
                                        preparation.rank, preparation.host, preparation.problem));
            }
            all.add(preparation);
            if (!preparation.frozen.equals(all.get(0).frozen)) {
                throw new IllegalArgumentException(
                        ("worker %d on %s: what is not trained differs from that of worker 0 on %s;"
                                        + " let both make the model from the same files")
                                .formatted(preparation.rank, preparation.host, all.get(0).host));
            }
        }
        return all;
    }
}
