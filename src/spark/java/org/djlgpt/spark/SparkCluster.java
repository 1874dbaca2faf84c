package org.djlgpt.spark;

import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.djlgpt.cli.train.Cluster;
import org.djlgpt.training.TrainingLoopListener;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Sessions that suit {@link SparkTraining}, with an executor for each worker, which has one task;
 * and where {@code gpt train --spark} finds its way to Spark.
 */
public final class SparkCluster implements Cluster {

    private static final int MILLISECONDS = 5_000;

    /** Makes the way of the command, which finds it by its name. */
    public SparkCluster() {}

    @Override
    public Run open(Task task, List<TrainingLoopListener> listeners, Consumer<String> messages)
            throws IOException {
        requireOpenJava();
        Place place = task.place();
        Meeting meeting = task.meeting();
        RoundPlan rounds =
                new RoundPlan(
                        place.workers(),
                        meeting.every(),
                        meeting.rate(),
                        meeting.momentum(),
                        meeting.fragments(),
                        ChangeFormat.valueOf(meeting.format()),
                        meeting.keepMoments());
        SparkSession session =
                session(place.master(), place.workers(), place.cores(), place.settings());
        try {
            RoundsLog log = new RoundsLog(task.log(), messages);
            SparkTraining.Builder builder =
                    SparkTraining.builder()
                            .setSession(session)
                            .setModel(task.model())
                            .setFolder(task.folder())
                            .optBFloat16(task.bfloat16())
                            .optPlan(task.plan())
                            .optRounds(rounds)
                            .optPatience(patience(session))
                            .optSkipBadSteps(task.skipBadSteps())
                            .optNotes(task.notes())
                            .optListeners(with(listeners, log))
                            .optRoundListener(log)
                            .optWriteFailures(task.writeFailures());
            if (task.training() != null) {
                builder.setData(tokens(task.training()), tokens(task.validation()));
            }
            if (task.source() != null) {
                builder.optLearnerSource(task.source()::make);
            }
            if (task.checkpointEvery() != null) {
                builder.optCheckpointEvery(task.checkpointEvery());
            }
            return new TrainingOfCommand(session, builder.build(), task.resume());
        } catch (IOException | RuntimeException e) {
            session.stop();
            throw e;
        }
    }

    /** The command's training, which has a session of its own. */
    private record TrainingOfCommand(SparkSession session, SparkTraining training, boolean resumes)
            implements Run {

        @Override
        public void train() throws IOException {
            if (resumes) {
                training.resume();
            } else {
                training.run();
            }
        }

        @Override
        public void stop() {
            training.stop();
        }

        @Override
        public void close() {
            session.stop();
        }
    }

    /** Executors that do not come within the time of Spark's own are not waited for. */
    private static Duration patience(SparkSession session) {
        String setting = "spark.scheduler.maxRegisteredResourcesWaitingTime";
        SparkConf conf = session.sparkContext().conf();
        return Duration.ofSeconds(conf.getTimeAsSeconds(setting, "60s"));
    }

    private static TokenFiles tokens(TokenSpan span) {
        return new TokenFiles(span.files(), span.from(), span.to());
    }

    private static TrainingLoopListener[] with(
            List<TrainingLoopListener> listeners, TrainingLoopListener last) {
        return Stream.concat(listeners.stream(), Stream.of(last))
                .toArray(TrainingLoopListener[]::new);
    }

    /** Spark would fail somewhere inside. */
    private static void requireOpenJava() {
        Module base = Object.class.getModule();
        if (!base.isOpen("sun.nio.ch", SparkCluster.class.getModule())) {
            throw new IllegalArgumentException(
                    "--spark: Spark needs options of Java's; start target/gpt, submit"
                            + " target/gpt.jar, or give java @target/spark/java.options");
        }
    }

    /**
     * Opens a session. What is not among the settings, nor among Java's properties as {@code
     * spark-submit} sets them, becomes:
     *
     * <ul>
     *   <li>{@code spark.executor.cores}, {@code spark.task.cpus} and {@code OMP_NUM_THREADS} as
     *       many as asked for, {@code spark.cores.max} as many as all workers need;
     *   <li>{@code spark.executor.extraClassPath} the class path of this process, unless {@code
     *       spark.jars} are set;
     *   <li>no compression of the shuffle, and Kryo: parameters do not become smaller, and Java's
     *       own streams take a kilobyte at a time;
     *   <li>20 attempts for a task or a stage, since executors may be lost more than once.
     * </ul>
     *
     * @param master Spark's name of the master, such as {@code spark://host:7077}
     * @param workers how many executors
     * @param cores of each
     * @param settings Spark's, each {@code KEY=VALUE}
     * @return the session
     * @throws IllegalArgumentException if the master does not answer, or a setting is none
     */
    public static SparkSession session(
            String master, int workers, int cores, List<String> settings) {
        requireAnswer(master);
        SparkConf conf = new SparkConf(true).setMaster(master);
        for (String setting : settings) {
            String[] parts = setting.split("=", 2);
            if (parts.length < 2 || !parts[0].startsWith("spark.")) {
                throw new IllegalArgumentException(
                        "'%s' is no setting of Spark's; write spark.executor.memory=4g, for instance"
                                .formatted(setting));
            }
            conf.set(parts[0], parts[1]);
        }
        String number = Integer.toString(cores);
        conf.setIfMissing("spark.app.name", "gpt train")
                .setIfMissing("spark.executor.cores", number)
                .setIfMissing("spark.task.cpus", conf.get("spark.executor.cores", number))
                .setIfMissing("spark.cores.max", Integer.toString(workers * cores))
                .setIfMissing("spark.scheduler.minRegisteredResourcesRatio", "1") // each its own
                .setIfMissing("spark.executorEnv.OMP_NUM_THREADS", number)
                .setIfMissing("spark.ui.enabled", "false")
                .setIfMissing("spark.shuffle.compress", "false")
                .setIfMissing("spark.shuffle.sort.bypassMergeThreshold", "100000")
                .setIfMissing("spark.shuffle.file.buffer", "1m")
                .setIfMissing("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
                .setIfMissing("spark.task.maxFailures", "20")
                .setIfMissing("spark.stage.maxConsecutiveAttempts", "20");
        if (!conf.contains("spark.jars")) {
            conf.setIfMissing("spark.executor.extraClassPath", classPath());
        }
        if (isLoopback(master)) {
            conf.setIfMissing("spark.driver.host", "127.0.0.1");
        }
        return SparkSession.builder().config(conf).getOrCreate();
    }

    /** Spark would try for a minute, and then say little. */
    private static void requireAnswer(String master) {
        if (!master.startsWith("spark://")) {
            return;
        }
        IOException last = null;
        for (String address : addresses(master)) {
            try (Socket socket = new Socket()) {
                URI uri = URI.create("spark://" + address);
                if (uri.getHost() == null || uri.getPort() < 0) {
                    throw new IllegalArgumentException(
                            "'%s' names no machine and port; write spark://host:7077"
                                    .formatted(master));
                }
                socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), MILLISECONDS);
                return;
            } catch (IOException e) {
                last = e;
            }
        }
        throw new IllegalArgumentException(
                "no Spark master answers at %s (%s); start one, or correct the name"
                        .formatted(master, last.getMessage()),
                last);
    }

    private static List<String> addresses(String master) {
        return List.of(master.substring("spark://".length()).split(","));
    }

    private static boolean isLoopback(String master) {
        try {
            return master.startsWith("spark://")
                    && InetAddress.getByName(URI.create(master.split(",")[0]).getHost())
                            .isLoopbackAddress();
        } catch (IOException e) {
            return false;
        }
    }

    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }
}
