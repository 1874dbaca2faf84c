package org.djlgpt.cli;

import static org.djlgpt.cli.Command.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.djlgpt.data.TokenFile;
import org.djlgpt.data.Tokens;
import org.djlgpt.spark.LocalCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a cluster of processes can't do is said before the first step, and leaves nothing. */
class SparkRefusalsTest {

    @TempDir private static Path folder;
    private static LocalCluster cluster;

    private final Path run = folder.resolve("refused");

    @BeforeAll
    static void start() throws IOException {
        cluster = new LocalCluster(1, folder);
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @AfterEach
    void nothingIsLeft() {
        assertFalse(Files.exists(run));
    }

    private Command train(LocalCluster on, Object... more) {
        return train(text(), on, more);
    }

    private Command train(Path data, LocalCluster on, Object... more) {
        List<Object> options = SmallText.options(data, run, more);
        options.addAll(List.of("--spark", on.url(), "--spark-conf", "spark.executor.memory=512m"));
        return Command.gpt(options.toArray());
    }

    @Test
    void fewerExecutorsThanWorkers() {
        Command command =
                train(
                        cluster,
                        "--workers",
                        2,
                        "--spark-conf",
                        "spark.scheduler.maxRegisteredResourcesWaitingTime=5s");

        assertRefused(
                command,
                "--workers=2 need as many executors, but the cluster has given ", // 1, or 0 so far
                " within 5 s; take fewer, start more, or ask for smaller ones");
    }

    @Test
    void executorsWithoutTheEngine() throws IOException {
        Path other = Files.createDirectories(folder.resolve("other"));
        try (LocalCluster bare = LocalCluster.without(1, other, "pytorch-native")) {
            String offline = "spark.executor.extraJavaOptions=-Dai.djl.offline=true";
            String classes = "spark.executor.extraClassPath=" + classPathWithout("pytorch-native");
            Command command = train(bare, "--spark-conf", classes, "--spark-conf", offline);

            assertRefused(
                    command,
                    "worker 0 on 127.0.0.1: has no PyTorch",
                    "put pytorch-native-cpu and pytorch-jni on the executors' class path");
        }
    }

    private static String classPathWithout(String name) {
        return Stream.of(System.getProperty("java.class.path").split(":"))
                .filter(entry -> !entry.contains(name))
                .collect(Collectors.joining(":"));
    }

    @Test
    void executorsWithoutThisLibrary() {
        assertRefused(
                train(cluster, "--spark-conf", "spark.executor.extraClassPath=none"),
                "the cluster gave up: its executors lack djl-gpt; let"
                        + " spark.executor.extraClassPath or spark.jars name its jars");
    }

    @Test
    void tokensOfAnotherTokenizer() throws IOException {
        Path here = folder.resolve("here");
        Path there = Files.createDirectories(folder.resolve("there"));
        assertEquals(0, Command.gpt("prepare", "--data", text(), "--out", here).exitCode());
        int[] ids = new int[(int) TokenFile.open(here.resolve("train.bin")).size()];
        ids[ids.length / 2] = 5000;
        TokenFile.write(there.resolve("train.bin"), Tokens.of(ids));
        Files.copy(here.resolve("val.bin"), there.resolve("val.bin"));

        Command command = train(here, cluster, "--spark-data", there.toUri());

        assertRefused(command, "worker 0 on 127.0.0.1: token id=5000 at position ");
    }

    @Test
    void tokensThatExecutorsDoNotSee() {
        assertRefused(
                train(cluster, "--spark-data", folder.resolve("nowhere").toUri()),
                "worker 0 on 127.0.0.1: ",
                "nowhere/train.bin does not exist");
    }

    /** A path that means one folder here and none in an executor, which is at work elsewhere. */
    private static Path ofThisProcess(Path path) {
        Path here = Path.of("").toAbsolutePath().relativize(path.toAbsolutePath());
        return Path.of("/proc/self/cwd").resolve(here);
    }

    @Test
    void aModelFolderThatExecutorsDoNotSee() {
        Path base = folder.resolve("base");
        assertEquals(0, SmallText.train(text(), base, "--steps", 2).exitCode());
        List<Object> options = new ArrayList<>(List.of("train", "--data", text(), "--out", run));
        options.addAll(List.of("--init-from", ofThisProcess(base), "--lora-rank", 2));
        options.addAll(List.of("--spark", cluster.url()));
        options.addAll(List.of("--spark-conf", "spark.executor.memory=512m"));

        assertRefused(
                Command.gpt(options.toArray()),
                "worker 0 on 127.0.0.1: --init-from /proc/self/cwd/",
                "is no folder; name one with a model");
    }

    private static Path text() {
        return SmallText.in(folder);
    }

    @Test
    void aFolderThatExecutorsDoNotSee() {
        assertRefused(
                train(cluster, "--spark-folder", "file:/proc/self/cwd/target/unseen"),
                "worker 0 on 127.0.0.1: does not see the folder file:/proc/self/cwd/target/unseen;"
                        + " name one that all machines share");
        assertFalse(Files.exists(Path.of("target/unseen")));
    }
}
