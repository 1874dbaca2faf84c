package org.djlgpt.spark;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.djlgpt.nn.IllegalParameterException;

import scala.Tuple2;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The ranks of the workers as tasks of Spark's, each where it was before, if Spark can have it. */
final class Ranks {

    private static final Pattern FAILURE =
            Pattern.compile("most recent failure: (?:Lost task [^:]*: |TID [^:]*: )?(.*)");

    private final JavaSparkContext context;
    private final List<List<String>> places;

    Ranks(JavaSparkContext context, int workers) {
        this.context = context;
        places = new ArrayList<>(Collections.nCopies(workers, List.of()));
    }

    /**
     * Waits for as many executors as workers. In a local master's process, ranks take turns.
     *
     * @throws IllegalArgumentException if they do not come
     */
    void await(Duration most) throws IOException {
        long end = System.nanoTime() + most.toNanos();
        while (!context.isLocal() && executors() < places.size()) {
            if (System.nanoTime() > end) {
                throw new IllegalParameterException(
                        "{workers}=%d need as many executors, but the cluster has given %d within"
                                + " %d s; take fewer, start more, or ask for smaller ones",
                        places.size(), executors(), most.toSeconds());
            }
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while waiting for executors", e);
            }
        }
    }

    private int executors() {
        return context.sc().getExecutorMemoryStatus().size() - 1; // the driver is one of them
    }

    /** Remembers where a rank is at work. */
    void found(int rank, String host, String executor) {
        places.set(rank, List.of("executor_" + host + "_" + executor));
    }

    /** Returns one partition for each rank, which has that rank. */
    JavaRDD<Integer> all() {
        List<Tuple2<Integer, Seq<String>>> placed = new ArrayList<>();
        for (int rank = 0; rank < places.size(); rank++) {
            placed.add(new Tuple2<>(rank, seq(places.get(rank))));
        }
        ClassTag<Integer> type = ClassTag.apply(Integer.class);
        return context.sc().makeRDD(seq(placed), type).toJavaRDD();
    }

    private static <T> Seq<T> seq(List<T> list) {
        return CollectionConverters.asScala(list).toSeq();
    }

    /** Asks each rank for something. */
    List<String> ask(FlatMapFunction<Iterator<Integer>, String> question) throws IOException {
        return collect(all().mapPartitions(question));
    }

    /**
     * Computes a few short texts.
     *
     * @throws IOException if Spark gives up
     */
    static List<String> collect(JavaRDD<String> texts) throws IOException {
        try {
            return texts.collect();
        } catch (Exception e) { // Spark's are checked, but Scala does not declare them
            throw new IOException("the cluster gave up: " + reason(e), e);
        }
    }

    private static String reason(Exception failure) {
        String message = String.valueOf(failure.getMessage());
        Matcher remote = FAILURE.matcher(message);
        String reason = remote.find() ? remote.group(1) : message.lines().findFirst().orElse("");
        boolean isMissing =
                reason.contains("ClassNotFoundException: org.djlgpt")
                        || reason.contains("SerializedLambda"); // as Spark has it
        return isMissing
                ? "its executors lack djl-gpt; let spark.executor.extraClassPath or spark.jars"
                        + " name its jars"
                : reason;
    }
}
