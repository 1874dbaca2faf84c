package org.djlgpt.spark;

import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;

import com.google.gson.Gson;

import org.apache.spark.SparkEnv;

import java.io.IOException;
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
 */
record Preparation(
        int rank,
        String host,
        String executor,
        String problem,
        String training,
        String validation) {

    static final String PROBE = "probe";

    private static final Gson GSON = new Gson();

    /** Prepares the worker of a rank in this process. */
    static String of(TrainingJob job, int rank) {
        SparkEnv env = SparkEnv.get();
        String host = env.blockManager().blockManagerId().host();
        String problem;
        String[] fingerprints = {null, null};
        try {
            problem = problem(job);
            if (problem == null) {
                fingerprints = Worker.of(job, rank).fingerprints();
            }
        } catch (IOException | MalformedModelException | IllegalArgumentException e) {
            problem = e.getMessage();
        }
        return GSON.toJson(
                new Preparation(
                        rank, host, env.executorId(), problem, fingerprints[0], fingerprints[1]));
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
        }
        return all;
    }
}
