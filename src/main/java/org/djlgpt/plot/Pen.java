package org.djlgpt.plot;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.Stroke;
import java.awt.geom.AffineTransform;

/**
 * Draws text and sharp edges.
 *
 * @param graphics where to
 * @param color the color of text
 */
record Pen(Graphics2D graphics, Color color) {

    /** Fills rectangles without blurring their edges, so that neighbours leave no seam. */
    void sharply(Runnable filling) {
        graphics.setRenderingHint(
                RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_OFF);
        filling.run();
        graphics.setRenderingHint(
                RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    }

    /** Draws a line. */
    void trace(Shape line, Stroke stroke, Color lineColor) {
        Stroke before = graphics.getStroke();
        graphics.setStroke(stroke);
        graphics.setColor(lineColor);
        graphics.draw(line);
        graphics.setStroke(before);
    }

    /** Writes from left to right. */
    void write(String text, Font font, double left, double baseline) {
        graphics.setFont(font);
        graphics.setColor(color);
        graphics.drawString(text, (float) left, (float) baseline);
    }

    /** Writes so that it ends at a point to the left of it. */
    void writeUpTo(String text, Font font, double right, double baseline) {
        write(text, font, right - FittedTitle.width(text, font), baseline);
    }

    /** Writes with the middle at a point. */
    void writeAround(String text, Font font, double middle, double baseline) {
        write(text, font, middle - FittedTitle.width(text, font) / 2, baseline);
    }

    /** Writes turned by a quarter to the left, from a point upwards. */
    void writeUpwards(String text, Font font, double baseline, double bottom) {
        AffineTransform upright = graphics.getTransform();
        graphics.translate(baseline, bottom);
        graphics.rotate(-Math.PI / 2);
        write(text, font, 0, 0);
        graphics.setTransform(upright);
    }

    /** Writes what fits into a width, in a smaller font if need be. */
    void writeFitting(String text, Font font, double left, double baseline, double width) {
        FittedTitle fitted = FittedTitle.of(text, font, width);
        write(fitted.text(), fitted.font(), left, baseline);
    }

    /** Writes what fits beside a plot, turned by a quarter to the left, at the middle of it. */
    void writeBeside(Rectangle plot, String text, Font font, double baseline) {
        FittedTitle fitted = FittedTitle.of(text, font, plot.height);
        double length = FittedTitle.width(fitted.text(), fitted.font());
        writeUpwards(fitted.text(), fitted.font(), baseline, plot.getCenterY() + length / 2);
    }
}
