package org.djlgpt.plot;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
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
}
