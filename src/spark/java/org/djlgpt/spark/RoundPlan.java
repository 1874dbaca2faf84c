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
 * @param fragments how many parts the parameters have that meet in turn, each behind as many steps,
 *     evenly spread, so that less travels at a time (Douillard et al., "Streaming DiLoCo with
 *     overlapping communication", 2025, arXiv 2501.18512: its streaming partial updates). Of its
 *     other means, {@link ChangeFormat} has short numbers; nothing overlaps, as Spark ends a job
 *     before the next
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
        int fragments,
        ChangeFormat format,
        boolean keepMoments)
        implements Serializable {

    /** One worker, 100 steps a round, and the outer rate 0.7 and momentum 0.9 of the paper. */
    public static final RoundPlan DEFAULT =
            new RoundPlan(1, 100, 0.7, 0.9, 1, ChangeFormat.FLOAT32, false);

    /**
     * Checks the values.
     *
     * @param workers at least 1
     * @param syncEvery at least 1
     * @param outerRate above 0
     * @param outerMomentum in [0, 1)
     * @param fragments from 1 to {@code syncEvery}
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
        Checks.requirePositive("fragments", fragments);
        if (fragments > syncEvery) {
            throw new IllegalParameterException(
                    "{fragments}=%d are more than {syncEvery}=%d, but each needs a step of its own;"
                            + " take fewer, or 1 to exchange all at once",
                    fragments, syncEvery);
        }
    }

    OuterStep outerStep() {
        return new OuterStep(outerRate, outerMomentum);
    }

    /**
     * The steps of a round, and what is exchanged behind them.
     *
     * @param steps how many
     * @param fragment which fragment, or all of them
     */
    record Part(int steps, int fragment) {

        private static final int ALL = -1;

        boolean isWhole() {
            return fragment == ALL;
        }
    }

    /**
     * Returns what comes next. The last steps end with an exchange of everything.
     *
     * @param done the steps behind which it comes
     * @param steps those of the whole training
     */
    Part next(int done, int steps) {
        long since = done % syncEvery;
        int fragment = (int) (since * fragments / syncEvery);
        if (end(fragment) <= since) {
            fragment++;
        }
        int next = end(fragment) - (int) since;
        boolean isWhole = fragments == 1 || done + next >= steps;
        return new Part(Math.min(next, steps - done), isWhole ? Part.ALL : fragment);
    }

    /** Returns how many steps after the first fragment's turn began this one's ends. */
    private int end(int fragment) {
        return (int) ((fragment + 1L) * syncEvery / fragments);
    }

    RoundPlan withWorkers(int number) {
        return new RoundPlan(
                number, syncEvery, outerRate, outerMomentum, fragments, format, keepMoments);
    }

    RoundPlan withSyncEvery(int steps) {
        return new RoundPlan(
                workers, steps, outerRate, outerMomentum, fragments, format, keepMoments);
    }

    RoundPlan withOuter(double rate, double momentum) {
        return new RoundPlan(workers, syncEvery, rate, momentum, fragments, format, keepMoments);
    }

    RoundPlan withFormat(ChangeFormat other) {
        return new RoundPlan(
                workers, syncEvery, outerRate, outerMomentum, fragments, other, keepMoments);
    }

    RoundPlan withKeepMoments(boolean keep) {
        return new RoundPlan(workers, syncEvery, outerRate, outerMomentum, fragments, format, keep);
    }

    RoundPlan withFragments(int number) {
        return new RoundPlan(
                workers, syncEvery, outerRate, outerMomentum, number, format, keepMoments);
    }
}
