package org.djlgpt.plot;

import java.awt.Graphics2D;
import java.awt.Rectangle;

/**
 * Says which color is which weight.
 *
 * @param colors the colors
 * @param layout where to draw
 * @param theme the colors of the rest
 */
record HeatmapLegend(WeightColors colors, HeatmapLayout layout, PlotTheme theme) {

    private static final int TICKS = 4;
    private static final int TEXT_GAP = 6;

    void draw(Graphics2D graphics) {
        Rectangle bar = layout.legend();
        Pen pen = new Pen(graphics, theme.foreground());
        pen.write("weight", HeatmapLayout.LABEL_FONT, bar.x, bar.y - 10);
        pen.sharply(() -> fillColors(graphics, bar));
        for (int i = 0; i <= TICKS; i++) {
            double position = (double) i / TICKS;
            double y = bar.getMaxY() - position * bar.height;
            String weight = Digits.of(colors.weightAt(position), 2);
            pen.write(weight, HeatmapLayout.LABEL_FONT, bar.getMaxX() + TEXT_GAP, y + 4);
        }
        int y = bar.y + bar.height + 18;
        graphics.setColor(theme.grid());
        graphics.drawRect(bar.x, y, bar.width - 1, bar.width - 1);
        pen.write("none", HeatmapLayout.LABEL_FONT, bar.getMaxX() + TEXT_GAP, y + 12);
        if (layout.block() > 1) {
            pen.write("largest of", HeatmapLayout.LABEL_FONT, bar.x, y + 36);
            String block = "%1$d \u00D7 %1$d tokens".formatted(layout.block());
            pen.write(block, HeatmapLayout.LABEL_FONT, bar.x, y + 50);
        }
    }

    private void fillColors(Graphics2D graphics, Rectangle bar) {
        for (int i = 0; i < bar.height; i++) {
            graphics.setColor(theme.colorScale().at((i + 0.5) / bar.height));
            graphics.fillRect(bar.x, bar.y + bar.height - 1 - i, bar.width, 1);
        }
    }
}
