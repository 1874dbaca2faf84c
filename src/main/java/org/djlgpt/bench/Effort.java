package org.djlgpt.bench;

/** How much work a benchmark puts into its figures. */
public enum Effort {

    /** The sizes that the library is judged by; several minutes on two cores. */
    FULL(new Sampling(2, 5, 3)),

    /** Smaller sizes and fewer repetitions; about two minutes. */
    QUICK(new Sampling(1, 3, 0.5));

    private final Sampling sampling;

    Effort(Sampling sampling) {
        this.sampling = sampling;
    }

    Sampling sampling() {
        return sampling;
    }

    long pick(long full, long quick) {
        return this == FULL ? full : quick;
    }
}
