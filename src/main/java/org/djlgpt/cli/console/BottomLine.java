package org.djlgpt.cli.console;

import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * The last line of a terminal, where a bar moves, while other lines scroll by above it.
 *
 * <p>It asks nobody for the terminal's width, since the library that progressbar would ask (JLine)
 * takes SIGINT away from Java as it looks. Bars fit a common terminal; a narrower one cuts them,
 * instead of going on in the next line.
 */
public final class BottomLine implements ProgressBarConsumer {

    private static final int COMMON_WIDTH = 80;
    private static final String CLEAR = "\r\033[K";
    private static final String WITHOUT_WRAPPING = "\033[?7l%s\033[?7h";

    private final Output out;
    private String bar = "";

    /**
     * Makes the last line of what is printed.
     *
     * @param out where all lines go
     */
    public BottomLine(Output out) {
        this.out = out;
    }

    /**
     * Returns the builder of the bar that moves here.
     *
     * @return the builder, to which only the bar's length is unknown
     */
    public ProgressBarBuilder bar() {
        return new ProgressBarBuilder()
                .setTaskName("")
                .setStyle(
                        Terminal.hasColors()
                                ? ProgressBarStyle.COLORFUL_UNICODE_BLOCK
                                : ProgressBarStyle.UNICODE_BLOCK)
                .setConsumer(this)
                .setUpdateIntervalMillis(200);
    }

    @Override
    public int getMaxRenderedLength() {
        return COMMON_WIDTH - 1; // in the last column some terminals begin a new line
    }

    @Override
    public synchronized void accept(String newBar) {
        bar = WITHOUT_WRAPPING.formatted(newBar);
        out.text(CLEAR + bar);
    }

    /**
     * Prints a line that scrolls by.
     *
     * @param line the line, without its end
     */
    public synchronized void above(String line) {
        out.text(CLEAR + line + System.lineSeparator() + bar);
    }

    /** Leaves the bar where it is and goes on below. */
    @Override
    public void close() {
        out.text(System.lineSeparator());
    }
}
