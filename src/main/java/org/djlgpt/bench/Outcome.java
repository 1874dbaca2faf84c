package org.djlgpt.bench;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What came of a case.
 *
 * @param section the section of the case
 * @param row the name of the case
 * @param engine the engine, its version and its threads; null after a failure
 * @param settings the native settings of the process; null after a failure
 * @param samples what was measured; empty after a failure
 * @param error what went wrong, or null
 */
record Outcome(
        String section,
        String row,
        String engine,
        String settings,
        List<Samples> samples,
        String error) {

    static Outcome failed(Case failed, String error) {
        return new Outcome(failed.section(), failed.name(), null, null, List.of(), error);
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
}
