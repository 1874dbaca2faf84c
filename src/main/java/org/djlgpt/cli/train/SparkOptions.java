package org.djlgpt.cli.train;

import org.djlgpt.training.TrainingPlan;

import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Whether to train on a Spark cluster, and how its workers meet. */
final class SparkOptions {

    private static final String CLUSTER = "org.djlgpt.spark.SparkCluster";
    private static final int SYNC_EVERY = 100;
    private static final double OUTER_RATE = 0.7;
    private static final double OUTER_MOMENTUM = 0.9;

    /** What changes travel as. */
    enum Exchange {
        /** Four bytes a number. */
        FLOAT32,
        /** Two bytes. */
        BFLOAT16,
        /** One. */
        INT8
    }

    @Option(
            names = "--spark",
            paramLabel = "MASTER",
            description =
                    "train on the Spark cluster of this master, such as spark://host:7077, with an"
                            + " executor for each of --workers; they take --steps each, on parts of"
                            + " the data of their own, and must see the files that they need;"
                            + " --checkpoint-every, --eval-every and --skip-bad-steps count by"
                            + " rounds")
    private String spark;

    @Option(
            names = "--sync-every",
            paramLabel = "N",
            description =
                    "steps in a round, after which workers meet (default: " + SYNC_EVERY + ")")
    private Integer syncEvery;

    @Option(
            names = "--outer-rate",
            paramLabel = "X",
            description =
                    "rate of the step from where workers began a round towards the mean of where"
                            + " they arrived (default: "
                            + OUTER_RATE
                            + ")")
    private Double outerRate;

    @Option(
            names = "--outer-momentum",
            paramLabel = "X",
            description = "momentum of that step (default: " + OUTER_MOMENTUM + ")")
    private Double outerMomentum;

    @Option(
            names = "--exchange",
            paramLabel = "float32|bfloat16|int8",
            description =
                    "what workers send: parameters in float32, or their changes in less, of which"
                            + " what is rounded away is sent later (default: float32)")
    private Exchange exchange;

    @Option(
            names = "--fragments",
            paramLabel = "N",
            description =
                    "parts of the parameters that meet in turn, each every --sync-every steps, so"
                            + " that less travels at a time (default: 1, all at once)")
    private Integer fragments;

    @Option(
            names = "--keep-moments",
            description =
                    "store the optimizer's moments of each round, so that who takes over from a"
                            + " lost executor has them, instead of with checkpoints only")
    private Boolean keepMoments;

    @Option(
            names = "--executor-cores",
            paramLabel = "N",
            description = "processors of an executor (default: 1)")
    private Integer executorCores;

    @Option(
            names = "--spark-folder",
            paramLabel = "URI",
            description =
                    "where parameters lie between rounds; the driver and all executors must see it"
                            + " (default: the folder rounds in --out)")
    private String sparkFolder;

    @Option(
            names = "--spark-data",
            paramLabel = "URI",
            description =
                    "folder in which executors find the token files of --data, such as"
                            + " hdfs://host/tokens (default: where --data has them)")
    private String sparkData;

    @Option(
            names = "--spark-conf",
            paramLabel = "KEY=VALUE",
            description = "a setting of Spark's; may be given several times")
    private List<String> sparkConf = List.of();

    /** Returns whether to train on a cluster. */
    boolean isGiven() {
        return spark != null;
    }

    /**
     * Refuses what is for a cluster alone, if there is none.
     *
     * @throws IllegalArgumentException if something is given
     */
    void requireUse() {
        if (isGiven()) {
            return;
        }
        Map<String, Object> given = new TreeMap<>();
        put(given, "--sync-every", syncEvery);
        put(given, "--outer-rate", outerRate);
        put(given, "--outer-momentum", outerMomentum);
        put(given, "--exchange", exchange);
        put(given, "--fragments", fragments);
        put(given, "--keep-moments", keepMoments);
        put(given, "--executor-cores", executorCores);
        put(given, "--spark-folder", sparkFolder);
        put(given, "--spark-data", sparkData);
        put(given, "--spark-conf", sparkConf.isEmpty() ? null : sparkConf);
        if (!given.isEmpty()) {
            throw new IllegalArgumentException(
                    "%s is for a cluster; name its master with --spark, or leave it out"
                            .formatted(given.keySet().stream().collect(Collectors.joining(", "))));
        }
    }

    private static void put(Map<String, Object> given, String option, Object value) {
        if (value != null) {
            given.put(option, value);
        }
    }

    /**
     * Returns what trains.
     *
     * @throws IllegalArgumentException if Spark is not there
     */
    static Cluster cluster() {
        try {
            return (Cluster) Class.forName(CLUSTER).getDeclaredConstructor().newInstance();
        } catch (ClassNotFoundException e) {
            throw missing("this build has no Spark", e);
        } catch (ReflectiveOperationException | LinkageError e) {
            throw missing("Spark is not on the class path", e);
        }
    }

    private static IllegalArgumentException missing(String what, Throwable cause) {
        return new IllegalArgumentException(
                ("--spark: %s; make it with 'mvn -Pspark -DskipTests package', then start"
                                + " target/gpt, or submit target/gpt.jar")
                        .formatted(what),
                cause);
    }

    /** Returns where to train. */
    Cluster.Place place(TrainingPlan plan) {
        int cores = executorCores == null ? 1 : executorCores;
        if (cores < 1) {
            throw new IllegalArgumentException(
                    "--executor-cores=%d must be at least 1".formatted(cores));
        }
        return new Cluster.Place(spark, plan.workers(), cores, sparkConf);
    }

    /** Returns how workers meet. */
    Cluster.Meeting meeting() {
        return new Cluster.Meeting(
                syncEvery == null ? SYNC_EVERY : syncEvery,
                outerRate == null ? OUTER_RATE : outerRate,
                outerMomentum == null ? OUTER_MOMENTUM : outerMomentum,
                fragments == null ? 1 : fragments,
                (exchange == null ? Exchange.FLOAT32 : exchange).name(),
                keepMoments != null && keepMoments);
    }

    /** Returns where parameters lie between rounds. */
    String folder(RunDirectory run) {
        return sparkFolder == null ? run.rounds().toUri().toString() : sparkFolder;
    }

    /** Returns the tokens as executors name them. */
    Cluster.TokenSpan seen(Cluster.TokenSpan span) {
        if (sparkData == null) {
            return span;
        }
        String folder = sparkData.endsWith("/") ? sparkData : sparkData + "/";
        return new Cluster.TokenSpan(
                span.files().stream()
                        .map(file -> folder + Path.of(java.net.URI.create(file)).getFileName())
                        .toList(),
                span.from(),
                span.to());
    }
}
