package org.djlgpt.bench;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What came of a case.
 *
 * @param section the section of the case
 * @param row the name of the case
 * @param engine the engine, its version and its threads; null after a failure
 * @param settings the native settings of the process; null after a failure
 * @param remark what else there is to know; may be empty
 * @param samples what was measured; empty after a failure
 * @param error what went wrong, or null
 */
record Outcome(
        String section,
        String row,
        String engine,
        String settings,
        String remark,
        List<Samples> samples,
        String error) {

    static Outcome failed(Case failed, String error) {
        return new Outcome(failed.section(), failed.name(), null, null, "", List.of(), error);
    }

    /** Returns the median of a phase in milliseconds, NaN if there is none. */
    double median(String phase) {
        return of(phase, Samples::median);
    }

    /** Returns the fastest run of a phase in milliseconds, NaN if there is none. */
    double best(String phase) {
        return of(phase, Samples::best);
    }

    /**
     * Returns the most memory that the process held until a phase ended, in MiB; NaN if unknown.
     */
    double peakMebibytes(String phase) {
        return of(phase, Samples::peakMebibytes);
    }

    /** Returns the most memory that the process held, in MiB; NaN if unknown. */
    double peakMebibytes() {
        return samples.isEmpty()
                ? Double.NaN
                : peakMebibytes(samples.get(samples.size() - 1).phase());
    }

    private double of(String phase, ToDoubleFunction<Samples> figure) {
        return samples.stream()
                .filter(s -> s.phase().equals(phase))
                .mapToDouble(figure)
                .findFirst()
                .orElse(Double.NaN);
    }

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
}
