package org.djlgpt.bench;

/** How much work a benchmark puts into its figures. */
public enum Effort {

    /** The sizes that the library is judged by; several minutes on two cores. */
    FULL(new Case.Sampling(2, 5, 3)),

    /** Smaller sizes and fewer repetitions; about two minutes. */
    QUICK(new Case.Sampling(1, 3, 0.5));

    private final Case.Sampling sampling;

    Effort(Case.Sampling sampling) {
        this.sampling = sampling;
    }

    Case.Sampling sampling() {
        return sampling;
    }

    long pick(long full, long quick) {
        return this == FULL ? full : quick;
    }
}
