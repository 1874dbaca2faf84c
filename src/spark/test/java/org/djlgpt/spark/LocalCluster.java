package org.djlgpt.spark;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A Spark cluster on this machine, from Maven's jars alone: a master, workers that take themselves
 * to be on machines of their own, and the executors that they start, each a process.
 */
public final class LocalCluster implements AutoCloseable {

    private static final Path HOME = Path.of("target", "spark").toAbsolutePath();

    private final Path home;
    private final int port;
    private final Path logs;
    private final List<Process> processes = new ArrayList<>();

    /**
     * Starts a cluster.
     *
     * @param workers how many, with a core each
     * @param folder takes logs and what executors write
     */
    public LocalCluster(int workers, Path folder) throws IOException {
        this(workers, folder, HOME);
    }

    private LocalCluster(int workers, Path folder, Path home) throws IOException {
        this.home = home;
        logs = folder;
        Runtime.getRuntime().addShutdownHook(new Thread(this::close)); // whatever fails
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        start("master.Master --host 127.0.0.1 --webui-port 0 --port " + port);
        awaitMaster();
        for (int i = 1; i <= workers; i++) {
            String work = " --work-dir " + folder.resolve("work-" + i) + " ";
            String host = "--host 127.0.0." + i;
            start("worker.Worker " + host + " --webui-port 0 --cores 1 --memory 1g" + work + url());
        }
    }

    /**
     * Starts a cluster whose machines lack jars.
     *
     * @param workers how many, with a core each
     * @param folder takes logs and what executors write
     * @param missing how the names of the jars begin
     * @return the cluster
     */
    public static LocalCluster without(int workers, Path folder, String missing)
            throws IOException {
        Path home = folder.resolve("home");
        Path jars = Files.createDirectories(home.resolve("jars"));
        for (Path jar : jars(HOME.resolve("jars"))) {
            if (!jar.getFileName().toString().startsWith(missing)) {
                Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar);
            }
        }
        return new LocalCluster(workers, folder, home);
    }

    private static List<Path> jars(Path folder) throws IOException {
        try (Stream<Path> jars = Files.list(folder)) {
            return jars.toList();
        }
    }

    /**
     * Returns its master.
     *
     * @return Spark's name of it
     */
    public String url() {
        return "spark://127.0.0.1:" + port;
    }

    private void start(String arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.add("@src/spark/java.options");
        command.addAll(List.of("-cp", home.resolve("jars") + "/*"));
        command.addAll(List.of(("org.apache.spark.deploy." + arguments).split(" ")));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("SPARK_HOME", home.toString());
        builder.environment().put("SPARK_SCALA_VERSION", "2.13"); // there is no distribution
        builder.redirectOutput(logs.resolve(processes.size() + ".log").toFile());
        processes.add(builder.start());
    }

    private void awaitMaster() throws IOException {
        for (int i = 0; ; i++) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return;
            } catch (IOException e) {
                if (i == 600) {
                    throw e;
                }
                pause(100);
            }
        }
    }

    static void pause(int milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns the processes of the executors, the oldest first. */
    List<ProcessHandle> executors() {
        return processes.stream()
                .flatMap(Process::children)
                .filter(ProcessHandle::isAlive)
                .sorted(Comparator.comparing(child -> child.info().startInstant().orElseThrow()))
                .toList();
    }

    /** Sends a signal to an executor, such as "KILL" or "STOP". */
    static void signal(ProcessHandle executor, String name) throws IOException {
        try {
            new ProcessBuilder("kill", "-" + name, Long.toString(executor.pid())).start().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        List<ProcessHandle> executors = executors();
        for (int i = processes.size() - 1; i >= 0; i--) {
            processes.get(i).destroyForcibly();
        }
        executors.forEach(ProcessHandle::destroyForcibly);
    }
}
