package org.djlgpt.plot;

import java.awt.Font;
import java.awt.font.FontRenderContext;
import java.util.regex.Pattern;

/**
 * A title that fits its plot: in a smaller font if need be, and shortened where that would be
 * illegible.
 *
 * @param text one line
 * @param font the font to draw it in
 */
record FittedTitle(String text, Font font) {

    /** Line breaks, and what an XML document may not hold. */
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\s\\p{Cc}\\p{Cs}\uFFFE\uFFFF]+");

    private static final float SMALLEST = 11;
    private static final String ELLIPSIS = "\u2026";

    static FittedTitle of(String title, Font font, double width) {
        String line = UNPRINTABLE.matcher(title).replaceAll(" ").strip();
        double ratio = width / Math.max(width, width(line, font));
        float size = Math.max(SMALLEST, (float) Math.floor(font.getSize() * ratio));
        Font fitting = font.deriveFont(size);
        String text = line;
        for (int end = line.length(); end > 0 && width(text, fitting) > width; end--) {
            text = line.substring(0, end).stripTrailing() + ELLIPSIS;
        }
        return new FittedTitle(text, fitting);
    }

    /** Returns the width of a text in pixels. */
    static double width(String text, Font font) {
        return font.getStringBounds(text, new FontRenderContext(null, true, true)).getWidth();
    }
}
