package org.djlgpt.plot;

import java.awt.Graphics2D;
import java.awt.Point;
import java.util.ArrayList;
import java.util.List;

/**
 * What stands above a plot with axes: its title, if it has one, and what its colors or lines mean,
 * in as many lines as that takes.
 *
 * @param title one line, or blank
 * @param names what the colors or lines mean
 * @param sample how wide the sample before each name is
 * @param width the width of the picture
 */
record Heading(String title, List<String> names, int sample, int width) {

    /** What every plot keeps free at its edges. */
    static final int MARGIN = 16;

    /** The height of a box, on which the text beside it stands. */
    static final int BOX = 12;

    private static final int TITLE_HEIGHT = 30;
    private static final int LINE = 22;
    private static final int GAP = 6;
    private static final int SPACE = 20;

    /** Draws the sample before a name. */
    interface Sample {
        void draw(Graphics2D graphics, int index, Point place);
    }

    void draw(Pen pen, Sample samples) {
        if (!title.isBlank()) {
            pen.writeFitting(title, PlotTheme.TITLE_FONT, MARGIN, MARGIN + 16, room());
        }
        List<Point> places = places();
        for (int i = 0; i < names.size(); i++) {
            Point place = places.get(i);
            samples.draw(pen.graphics(), i, place);
            FittedTitle name = name(i);
            pen.write(name.text(), name.font(), place.x + sample + GAP, place.y + BOX - 1);
        }
    }

    /** Returns where the plot may begin. */
    int bottom() {
        List<Point> places = places();
        return places.isEmpty() ? top() : places.get(places.size() - 1).y + LINE;
    }

    private int top() {
        return MARGIN + (title.isBlank() ? 0 : TITLE_HEIGHT);
    }

    private int room() {
        return width - 2 * MARGIN;
    }

    private FittedTitle name(int index) {
        return FittedTitle.of(names.get(index), PlotTheme.LABEL_FONT, room() - sample - GAP);
    }

    private List<Point> places() {
        List<Point> places = new ArrayList<>();
        Point next = new Point(MARGIN, top());
        for (int i = 0; i < names.size(); i++) {
            int wide = sample + GAP + (int) FittedTitle.width(name(i).text(), name(i).font());
            if (next.x > MARGIN && next.x + wide > width - MARGIN) {
                next.setLocation(MARGIN, next.y + LINE);
            }
            places.add(next.getLocation());
            next.translate(wide + SPACE, 0);
        }
        return places;
    }
}
