package org.djlgpt.bench;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.cuda.CudaUtils;

import com.google.gson.Gson;

import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.NativeSettings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The program that measures one case: {@code Worker EFFORT CASE}. It prints one line of JSON. */
final class Worker {

    /** What the line with the outcome starts with; native libraries may print others. */
    static final String RESULT = "outcome ";

    /** The exit code when the parent ended first. */
    static final int ORPHANED = 130;

    /** Where Linux tells the memory of this process. */
    private static final Path STATUS = Path.of("/proc/self/status");

    private Worker() {}

    /**
     * Measures a case.
     *
     * @param arguments the effort and the id of the case
     */
    public static void main(String[] arguments) {
        endWithParent();
        Case work = Suite.of(Effort.valueOf(arguments[0])).find(arguments[1]);
        Outcome outcome;
        try {
            outcome = measure(work);
        } catch (UnsupportedOperationException e) {
            outcome = Outcome.failed(work, e.getMessage());
        } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
            outcome = Outcome.failed(work, e.toString());
        }
        System.out.println("\n" + RESULT + new Gson().toJson(outcome));
        System.exit(0);
    }

    private static Outcome measure(Case work) {
        List<Outcome.Samples> samples = new ArrayList<>();
        String remark;
        try (NDManager manager = ComputeDevice.newManager()) {
            for (Case.Phase phase : work.workload().prepare(manager)) {
                double[] milliseconds = work.sampling().milliseconds(whole(phase, manager));
                samples.add(
                        new Outcome.Samples(
                                phase.name(), milliseconds, peakBytes(manager.getDevice())));
            }
            remark = work.workload().remark(manager);
        }
        String engine =
                "libtorch %s, %d threads, %s"
                        .formatted(
                                Engine.getInstance().getVersion(),
                                JniUtils.getNumThreads(),
                                ComputeDevice.name(ComputeDevice.get()));
        return new Outcome(
                work.section(),
                work.name(),
                engine,
                NativeSettings.describe(),
                remark,
                samples,
                null);
    }

    /** A run up to what a GPU does of it. */
    private static Runnable whole(Case.Phase phase, NDManager manager) {
        return () -> {
            phase.run().run();
            ComputeDevice.await(manager);
        };
    }

    /** Returns the most memory of a device that was taken at a time, in bytes; 0 if unknown. */
    private static long peakBytes(Device device) {
        return device.isGpu()
                ? CudaUtils.getGpuMemory(device).getUsed() // libtorch gives nothing back
                : peakBytes();
    }

    /** Returns the most memory that was resident at a time, in bytes; 0 if unknown. */
    static long peakBytes() {
        try {
            return Files.isReadable(STATUS) ? peakBytes(Files.readAllLines(STATUS)) : 0;
        } catch (IOException e) {
            return 0;
        }
    }

    static long peakBytes(List<String> status) {
        return status.stream()
                .filter(line -> line.startsWith("VmHWM:") && line.endsWith(" kB"))
                .map(line -> line.replaceAll("\\D", ""))
                .mapToLong(kilobytes -> Long.parseLong(kilobytes) << 10)
                .findFirst()
                .orElse(0);
    }

    /** However the parent ends, our standard input ends with it. */
    private static void endWithParent() {
        Thread watch =
                new Thread(
                        () -> {
                            try {
                                while (System.in.read() >= 0) {}
                            } catch (IOException e) {
                                // the end too
                            }
                            Runtime.getRuntime().halt(ORPHANED);
                        },
                        "end-with-parent");
        watch.setDaemon(true);
        watch.start();
    }
}
