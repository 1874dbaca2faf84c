package org.djlgpt.plot;

/** How a weight becomes a position on the color scale. */
public enum WeightScale {

    /** In proportion: half of the largest weight gets the middle color. */
    LINEAR {
        @Override
        double position(double share) {
            return share;
        }

        @Override
        double share(double position) {
            return position;
        }
    },

    /**
     * By the square root: a quarter of the largest weight gets the middle color. Shows small ones.
     */
    SQUARE_ROOT {
        @Override
        double position(double share) {
            return Math.sqrt(share);
        }

        @Override
        double share(double position) {
            return position * position;
        }
    };

    /** Returns where a share of the largest weight, from 0 to 1, lies on the color scale. */
    abstract double position(double share);

    /** Returns the share of the largest weight at a position, from 0 to 1. */
    abstract double share(double position);
}
