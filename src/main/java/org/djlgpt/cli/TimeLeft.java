package org.djlgpt.cli;

/** Guesses what a training still takes from what its steps took, evaluations included. */
final class TimeLeft {

    private final int steps;
    private int first;
    private long begin = System.nanoTime();

    TimeLeft(int steps) {
        this.steps = steps;
    }

    /** Starts the clock anew, for a run that has some of its steps behind it. */
    void startAt(int step) {
        first = step;
        begin = System.nanoTime();
    }

    /** Returns hours, minutes and seconds after a step, such as 1:04:09, or 4:09. */
    String after(int step) {
        double elapsed = (System.nanoTime() - begin) / 1e9;
        return clock(Math.round(elapsed / (step - first) * (steps - step)));
    }

    static String clock(long seconds) {
        String minutes = two(seconds / 60 % 60) + ":" + two(seconds % 60);
        long hours = seconds / 3600;
        return hours > 0 ? hours + ":" + minutes : minutes.replaceFirst("^0", "");
    }

    private static String two(long number) {
        return (number < 10 ? "0" : "") + number;
    }
}
