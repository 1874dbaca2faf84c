package org.djlgpt.bench;

import java.util.Arrays;

/**
 * What was measured of a phase.
 *
 * @param phase the phase's name
 * @param milliseconds how long each run took, in the order in which they ran
 * @param peakBytes the most memory that the process had held by then; 0 if unknown
 */
record Samples(String phase, double[] milliseconds, long peakBytes) {

    double median() {
        double[] sorted = milliseconds.clone();
        Arrays.sort(sorted);
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    double best() {
        return Arrays.stream(milliseconds).min().orElse(Double.NaN);
    }

    double peakMebibytes() {
        return peakBytes == 0 ? Double.NaN : peakBytes / (double) (1 << 20);
    }
}
