package org.djlgpt.soak;

import ai.djl.ndarray.NDManager;

import org.djlgpt.testing.HeldArrays;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What a process holds.
 *
 * @param arrays arrays that DJL's managers own
 * @param threads threads, those of native libraries included
 * @param kibibytes resident memory
 */
record Footprint(long arrays, long threads, long kibibytes) {

    private static final Path PROCESS = Path.of("/proc/self");

    /** Returns whether the system tells threads and memory. */
    static boolean isKnown() {
        return Files.exists(PROCESS);
    }

    static Footprint now(NDManager any) throws IOException {
        System.gc();
        try (Stream<String> status = Files.lines(PROCESS.resolve("status"))) {
            long[] values =
                    status.filter(line -> line.matches("(VmRSS|Threads):.*"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .toArray(); // memory comes first
            return new Footprint(HeldArrays.inProcess(any), values[1], values[0]);
        }
    }
}
