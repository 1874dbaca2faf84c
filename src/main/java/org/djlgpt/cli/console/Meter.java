package org.djlgpt.cli.console;

import me.tongfei.progressbar.ProgressBar;

import java.util.Locale;
import java.util.function.LongConsumer;

/** Shows how far something is: a bar on a terminal, elsewhere a line now and then. */
public final class Meter implements LongConsumer, AutoCloseable {

    private static final int MEGABYTE = 1_000_000;
    private static final long NANOS_BETWEEN_LINES = 5_000_000_000L;

    private final Output out;
    private final String name;
    private final long whole;
    private final String unitName;
    private final int unit;
    private final long begin = System.nanoTime();
    private long lastLine = begin;
    private ProgressBar bar; // on a terminal, once it is worth it

    /**
     * Measures what is shown in units of so many.
     *
     * @param out where it is shown
     * @param name a word for what is measured
     * @param whole how much there is
     * @param unitName what stands behind a number of units
     * @param unit how much is one
     */
    public Meter(Output out, String name, long whole, String unitName, int unit) {
        this.out = out;
        this.name = name;
        this.whole = whole;
        this.unitName = unitName;
        this.unit = unit;
    }

    /**
     * Measures a text, in megabytes.
     *
     * @param out where it is shown
     * @param bytes how long the text is
     * @return the meter, which takes how many bytes were read
     */
    public static Meter ofText(Output out, long bytes) {
        return new Meter(out, "text", bytes, " MB", MEGABYTE);
    }

    /**
     * Returns who hears of a text that follows another.
     *
     * @param before how many bytes the other has
     * @return takes how many bytes of the second were read
     */
    public LongConsumer after(long before) {
        return done -> accept(before + done);
    }

    @Override
    public void accept(long done) {
        long now = System.nanoTime();
        if (bar != null) {
            bar.stepTo(Math.min(done, whole));
        } else if (whole > unit && Terminal.isInteractive()) {
            bar = new BottomLine(out).bar().setInitialMax(whole).setUnit(unitName, unit).build();
        } else if (now - lastLine > NANOS_BETWEEN_LINES) {
            lastLine = now;
            double nanosEach = (double) (now - begin) / done;
            out.line(
                    "%-8s %,d of %,d%s, %s left",
                    name,
                    done / unit,
                    whole / unit,
                    unitName,
                    clock(Math.round(nanosEach * Math.max(0, whole - done) / 1e9)));
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }

    /**
     * Returns a time as on a clock.
     *
     * @param seconds the time
     * @return hours, minutes and seconds, such as 1:04:09, or 4:09
     */
    public static String clock(long seconds) {
        long hours = seconds / 3600;
        long minutes = seconds / 60 % 60;
        String rest = String.format(Locale.ROOT, "%02d:%02d", minutes, seconds % 60);
        return hours > 0 ? hours + ":" + rest : rest.replaceFirst("^0", "");
    }
}
