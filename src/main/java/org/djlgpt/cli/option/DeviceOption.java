package org.djlgpt.cli.option;

import ai.djl.ndarray.NDManager;

import org.djlgpt.nn.Checks;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Threads;

import picocli.CommandLine.Option;

/** Where to compute, and with how many threads. */
public final class DeviceOption {

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "auto",
            description =
                    "cpu, gpu or gpu0, gpu1, ..; auto is what -D"
                            + ComputeDevice.PROPERTY
                            + " names, or a GPU where there is one (default: auto)")
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
        return NDManager.newBaseManager(ComputeDevice.named("--device ", device));
    }
}
