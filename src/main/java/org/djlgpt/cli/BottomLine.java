package org.djlgpt.cli;

import me.tongfei.progressbar.ConsoleProgressBarConsumer;

/** The last line of a terminal, where a bar moves, while other lines scroll by above it. */
final class BottomLine extends ConsoleProgressBarConsumer {

    private static final String CLEAR = "\r\033[K";

    private final Output out;
    private String bar = "";

    BottomLine(Output out) {
        super(System.out); // for the width; what is printed goes to out
        this.out = out;
    }

    @Override
    public synchronized void accept(String newBar) {
        bar = newBar;
        out.text(CLEAR + bar);
    }

    /** Prints a line above the bar. */
    synchronized void above(String line) {
        out.text(CLEAR + line + System.lineSeparator() + bar);
    }
}
