package org.djlgpt.plot;

import org.djlgpt.io.AtomicFile;

import java.awt.Dimension;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Something to look at: in a notebook, as a PNG file or as an SVG file. */
public abstract sealed class Picture permits AttentionHeatmap, Distribution, LineChart, LossCurve {

    /** Text gets the width that it is measured with. */
    private static final Map<RenderingHints.Key, Object> SMOOTH =
            Map.of(
                    RenderingHints.KEY_ANTIALIASING,
                    RenderingHints.VALUE_ANTIALIAS_ON,
                    RenderingHints.KEY_TEXT_ANTIALIASING,
                    RenderingHints.VALUE_TEXT_ANTIALIAS_ON,
                    RenderingHints.KEY_FRACTIONALMETRICS,
                    RenderingHints.VALUE_FRACTIONALMETRICS_ON);

    private final PlotTheme theme;
    private final Dimension size;

    Picture(PlotTheme theme, Dimension size) {
        this.theme = theme;
        this.size = size;
    }

    /**
     * Draws the picture.
     *
     * @return a new opaque image, one pixel for each unit; a notebook shows it as it is
     */
    public final BufferedImage image() {
        BufferedImage image =
                new BufferedImage(size.width, size.height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        try {
            graphics.addRenderingHints(SMOOTH);
            paint(graphics);
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
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".png")) {
            AtomicFile.writeStream(file, this::writePng);
        } else if (name.endsWith(".svg")) {
            AtomicFile.writeStream(file, out -> out.write(svg().getBytes(StandardCharsets.UTF_8)));
        } else {
            throw new IllegalArgumentException(
                    file + " is no picture file; end its name in .png or .svg");
        }
    }

    private void writePng(OutputStream out) throws IOException {
        try (ImageOutputStream png = new MemoryCacheImageOutputStream(out)) {
            if (!ImageIO.write(image(), "png", png)) {
                throw new IOException("this Java runtime has no PNG writer");
            }
        }
    }

    /** Returns width and height in pixels. */
    final Dimension size() {
        return new Dimension(size);
    }

    /** Draws the background, and the rest on it. */
    final void paint(Graphics2D graphics) {
        graphics.setColor(theme.background());
        graphics.fillRect(0, 0, size.width, size.height);
        draw(new Pen(graphics, theme.foreground()));
    }

    /**
     * Draws everything but the background.
     *
     * @param pen a pen in the theme's foreground
     */
    abstract void draw(Pen pen);
}
