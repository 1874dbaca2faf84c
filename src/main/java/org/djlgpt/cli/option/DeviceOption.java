package org.djlgpt.cli.option;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;

import org.djlgpt.nn.Checks;
import org.djlgpt.torch.Threads;

import picocli.CommandLine.Option;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where to compute, and with how many threads. */
public final class DeviceOption {

    private static final Pattern GPU = Pattern.compile("gpu(\\d{0,3})");

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description =
                    "cpu, gpu or gpu0, gpu1, ..; auto takes a GPU where there is one (default:"
                            + " auto)")
    private String device;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description =
                    "threads to compute with on a CPU (default: the processors that this process"
                            + " may use)")
    private Integer threads;

    /** For picocli. */
    DeviceOption() {}

    /**
     * Returns how many threads of the CPU are to be used.
     *
     * @return their number, as it is given
     */
    public int threads() {
        return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    }

    /**
     * Opens what arrays live in, on the device.
     *
     * @return the manager, which the caller closes
     * @throws IllegalArgumentException if the device is not there, or there are no threads
     */
    public NDManager newManager() {
        Threads.use(Checks.requireThreads(threads()));
        return NDManager.newBaseManager(device());
    }

    /**
     * Returns a device's name as {@code --device} takes it.
     *
     * @param device the device
     * @return the name
     */
    public static String name(Device device) {
        return device.isGpu() ? "gpu" + device.getDeviceId() : device.getDeviceType();
    }

    private Device device() {
        int gpus = Engine.getInstance().getGpuCount();
        if (device.equals("auto")) {
            return gpus > 0 ? Device.gpu() : Device.cpu();
        }
        if (device.equals("cpu")) {
            return Device.cpu();
        }
        Matcher gpu = GPU.matcher(device);
        if (!gpu.matches()) {
            throw new IllegalArgumentException(
                    "--device %s is unknown; use auto, cpu, gpu or gpu0, gpu1, .."
                            .formatted(device));
        }
        int index = gpu.group(1).isEmpty() ? 0 : Integer.parseInt(gpu.group(1));
        if (index >= gpus) {
            throw new IllegalArgumentException(
                    "--device %s is not there: %d GPUs found; use %s"
                            .formatted(
                                    device, gpus, gpus == 0 ? "cpu" : "gpu0 to gpu" + (gpus - 1)));
        }
        return Device.gpu(index);
    }
}
