package org.djlgpt.plot;

import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Point;
import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.List;

/**
 * Says which color is which series, in as many lines as that takes.
 *
 * @param series the series, in the order of their colors
 * @param theme the colors
 * @param frame where to begin, and how wide lines may be
 */
record BarLegend(List<Bars> series, PlotTheme theme, Rectangle frame) {

    private static final Font FONT = PlotTheme.font(Font.PLAIN, 13);
    private static final int LINE = 22;
    private static final int BOX = 12;
    private static final int GAP = 6;
    private static final int SPACE = 20;

    int height() {
        return places().get(series.size() - 1).y - frame.y + LINE;
    }

    void draw(Graphics2D graphics) {
        Pen pen = new Pen(graphics, theme.foreground());
        List<Point> places = places();
        for (int i = 0; i < series.size(); i++) {
            Point place = places.get(i);
            graphics.setColor(theme.series().get(i));
            graphics.fillRect(place.x, place.y, BOX, BOX);
            pen.write(name(i).text(), name(i).font(), place.x + BOX + GAP, place.y + BOX - 1);
        }
    }

    private FittedTitle name(int index) {
        return FittedTitle.of(series.get(index).name(), FONT, frame.width - BOX - GAP);
    }

    private List<Point> places() {
        List<Point> places = new ArrayList<>();
        Point next = frame.getLocation();
        for (int i = 0; i < series.size(); i++) {
            int width = BOX + GAP + (int) FittedTitle.width(name(i).text(), name(i).font());
            if (next.x > frame.x && next.x + width > frame.getMaxX()) {
                next.setLocation(frame.x, next.y + LINE);
            }
            places.add(next.getLocation());
            next.translate(width + SPACE, 0);
        }
        return places;
    }
}
