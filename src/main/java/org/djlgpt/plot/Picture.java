package org.djlgpt.plot;

import org.djlgpt.io.AtomicFile;

import java.awt.Dimension;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Something to look at: in a notebook, as a PNG file or as an SVG file. */
public abstract sealed class Picture permits AttentionHeatmap, Distribution, LossCurve {

    /** Text gets the width that it is measured with. */
    private static final Map<RenderingHints.Key, Object> SMOOTH =
            Map.of(
                    RenderingHints.KEY_ANTIALIASING,
                    RenderingHints.VALUE_ANTIALIAS_ON,
                    RenderingHints.KEY_TEXT_ANTIALIASING,
                    RenderingHints.VALUE_TEXT_ANTIALIAS_ON,
                    RenderingHints.KEY_FRACTIONALMETRICS,
                    RenderingHints.VALUE_FRACTIONALMETRICS_ON);

    Picture() {}

    /**
     * Draws the picture.
     *
     * @return a new opaque image, one pixel for each unit; a notebook shows it as it is
     */
    public final BufferedImage image() {
        Dimension size = size();
        BufferedImage image =
                new BufferedImage(size.width, size.height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        try {
            graphics.addRenderingHints(SMOOTH);
            draw(graphics);
        } finally {
            graphics.dispose();
        }
        return image;
    }

    /**
     * Draws the picture as a vector graphic, sharp at any size.
     *
     * @return an SVG document of its own, with XML declaration
     */
    public final String svg() {
        return SvgDocument.of(this);
    }

    /**
     * Draws the picture into a file, which appears complete or not at all.
     *
     * @param file the file to create or replace, in a directory that exists; its name ends in
     *     {@code .png} or {@code .svg}, which says what to write
     * @throws IllegalArgumentException if the name ends otherwise
     * @throws IOException if the file can't be written; an existing file is then unchanged
     */
    public final void save(Path file) throws IOException {
        PictureFormat format = PictureFormat.of(file);
        AtomicFile.writeStream(file, out -> format.write(this, out));
    }

    /** Returns width and height in pixels. */
    abstract Dimension size();

    /** Draws everything, the background too. */
    abstract void draw(Graphics2D graphics);
}
