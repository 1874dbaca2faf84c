package org.djlgpt.spark;

import org.djlgpt.nn.Checks;
import org.djlgpt.nn.IllegalParameterException;

import java.io.Serializable;

/**
 * How several workers train one model: each takes some steps by itself, then all meet at one set of
 * parameters and begin the next round there.
 *
 * @param workers the number of workers
 * @param syncEvery the steps that each takes in a round
 * @param outerRate the rate of the step from where they began towards where they arrived
 * @param outerMomentum the momentum of that step
 * @param format how a worker tells where it arrived
 * @param keepMoments whether the optimizer's moments of each round are stored, so that a worker
 *     that takes over from a lost one has them
 * @serial exclude
 */
public record RoundPlan(
        int workers,
        int syncEvery,
        double outerRate,
        double outerMomentum,
        ChangeFormat format,
        boolean keepMoments)
        implements Serializable {

    /** One worker, 100 steps a round, and the outer rate 0.7 and momentum 0.9 of the paper. */
    public static final RoundPlan DEFAULT =
            new RoundPlan(1, 100, 0.7, 0.9, ChangeFormat.FLOAT32, false);

    /**
     * Checks the values.
     *
     * @param workers at least 1
     * @param syncEvery at least 1
     * @param outerRate above 0
     * @param outerMomentum in [0, 1)
     * @param format how a worker tells where it arrived
     * @param keepMoments whether each round's moments are stored
     * @throws IllegalArgumentException if one lies outside its range; the message names it
     */
    public RoundPlan {
        Checks.requirePositive("workers", workers);
        Checks.requirePositive("syncEvery", syncEvery);
        if (!(outerRate > 0 && Double.isFinite(outerRate))) {
            throw new IllegalParameterException(
                    "{outerRate}=%s must be finite and above 0; use 0.7, or 1 for the plain mean",
                    outerRate);
        }
        if (!(outerMomentum >= 0 && outerMomentum < 1)) {
            throw new IllegalParameterException(
                    "{outerMomentum}=%s must lie in [0, 1); use 0.9, or 0 for none", outerMomentum);
        }
    }

    OuterStep outerStep() {
        return new OuterStep(outerRate, outerMomentum);
    }

    RoundPlan withWorkers(int number) {
        return new RoundPlan(number, syncEvery, outerRate, outerMomentum, format, keepMoments);
    }

    RoundPlan withSyncEvery(int steps) {
        return new RoundPlan(workers, steps, outerRate, outerMomentum, format, keepMoments);
    }

    RoundPlan withOuter(double rate, double momentum) {
        return new RoundPlan(workers, syncEvery, rate, momentum, format, keepMoments);
    }

    RoundPlan withFormat(ChangeFormat other) {
        return new RoundPlan(workers, syncEvery, outerRate, outerMomentum, other, keepMoments);
    }

    RoundPlan withKeepMoments(boolean keep) {
        return new RoundPlan(workers, syncEvery, outerRate, outerMomentum, format, keep);
    }
}
