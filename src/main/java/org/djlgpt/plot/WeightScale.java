package org.djlgpt.plot;

/** How a weight becomes a position on the color scale. */
public enum WeightScale {

    /** In proportion: half of the largest weight gets the middle color. */
    LINEAR(1),

    /**
     * By the square root: a quarter of the largest weight gets the middle color. Shows small ones.
     */
    SQUARE_ROOT(2);

    private final int root;

    WeightScale(int root) {
        this.root = root;
    }

    /** Returns where a share of the largest weight, from 0 to 1, lies on the color scale. */
    double position(double share) {
        return Math.pow(share, 1.0 / root);
    }

    /** Returns the share of the largest weight at a position, from 0 to 1. */
    double share(double position) {
        return Math.pow(position, root);
    }
}
