package org.djlgpt.plot;

import java.awt.Dimension;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.util.List;
import java.util.Locale;

/** Draws the matrices of a heat map with their labels. */
final class HeatmapDrawing {

    /** From this side on, a line of background keeps cells apart. */
    private static final int SEPARATE_CELL = 12;

    private final AttentionWeights weights;
    private final List<String> labels;
    private final HeatmapLayout layout;
    private final String title;
    private final PlotTheme theme;
    private final boolean values;
    private final WeightColors colors;

    HeatmapDrawing(
            AttentionWeights weights,
            List<String> labels,
            HeatmapLayout layout,
            WeightColors colors,
            String title,
            boolean values) {
        this.weights = weights;
        this.labels = labels;
        this.layout = layout;
        this.colors = colors;
        this.title = title;
        theme = colors.theme();
        this.values = values;
    }

    Dimension size() {
        return layout.size();
    }

    void draw(Graphics2D graphics) {
        graphics.setColor(theme.background());
        graphics.fillRect(0, 0, size().width, size().height);
        Pen pen = new Pen(graphics, theme.foreground());
        drawTitle(pen);
        for (int panel = 0; panel < layout.panels(); panel++) {
            drawPanel(pen, panel);
        }
        drawAxisTitles(pen);
        new HeatmapLegend(colors, layout, theme).draw(graphics);
    }

    private void drawTitle(Pen pen) {
        int wide = size().width - 2 * HeatmapLayout.MARGIN;
        FittedTitle fitted = FittedTitle.of(title, HeatmapLayout.TITLE_FONT, wide);
        pen.write(fitted.text(), fitted.font(), HeatmapLayout.MARGIN, HeatmapLayout.MARGIN + 18);
    }

    private void drawPanel(Pen pen, int index) {
        Rectangle panel = layout.panel(index);
        WeightMatrix matrix =
                weights.matrix(index / weights.heads(), index % weights.heads())
                        .pooled(layout.block());
        pen.sharply(() -> fillCells(pen.graphics(), matrix, panel));
        if (values) {
            writeValues(pen.graphics(), matrix, panel);
        }
        if (layout.panels() > 1) {
            pen.write(panelTitle(index), HeatmapLayout.PANEL_FONT, panel.x, panel.y - 6);
        }
        if (layout.isLeftmost(index)) {
            drawRowLabels(pen, panel);
        }
        if (layout.isLowest(index)) {
            drawColumnLabels(pen, panel);
        }
    }

    private String panelTitle(int index) {
        int layer = index / weights.heads();
        int head = index % weights.heads();
        if (weights.layers().size() == 1) {
            return "head " + head;
        }
        if (weights.heads() == 1) {
            return "layer " + layer;
        }
        String full = "layer %d, head %d".formatted(layer, head);
        boolean fits =
                FittedTitle.width(full, HeatmapLayout.PANEL_FONT) <= layout.panel(index).width;
        return fits ? full : "L%d H%d".formatted(layer, head);
    }

    private void fillCells(Graphics2D graphics, WeightMatrix matrix, Rectangle panel) {
        graphics.setColor(theme.grid());
        graphics.drawRect(panel.x - 1, panel.y - 1, panel.width + 1, panel.height + 1);
        int side = layout.cell() - (layout.cell() >= SEPARATE_CELL ? 1 : 0);
        for (int row = 0; row < matrix.size(); row++) {
            for (int column = 0; column < matrix.size(); column++) {
                graphics.setColor(colors.of(matrix.at(row, column)));
                if (matrix.at(row, column) > 0) {
                    graphics.fillRect(
                            panel.x + column * layout.cell(),
                            panel.y + row * layout.cell(),
                            side,
                            side);
                }
            }
        }
    }

    private void writeValues(Graphics2D graphics, WeightMatrix matrix, Rectangle panel) {
        for (int row = 0; row < matrix.size(); row++) {
            for (int column = 0; column < matrix.size(); column++) {
                float weight = matrix.at(row, column);
                String text = weight == 0 ? "0" : String.format(Locale.ROOT, "%.2f", weight);
                new Pen(graphics, ColorScale.inkOn(colors.of(weight)))
                        .writeAround(
                                text,
                                HeatmapLayout.LABEL_FONT,
                                panel.x + (column + 0.5) * layout.cell(),
                                panel.y + (row + 0.5) * layout.cell() + 4);
            }
        }
    }

    private void drawRowLabels(Pen pen, Rectangle panel) {
        double right = panel.getX() - HeatmapLayout.LABEL_GAP;
        for (int i = 0; i < labels.size(); i += layout.rowStride()) {
            double middle = panel.y + (i + 0.5) * layout.pitch();
            pen.writeUpTo(labels.get(i), HeatmapLayout.LABEL_FONT, right, middle + 4);
        }
    }

    private void drawColumnLabels(Pen pen, Rectangle panel) {
        double top = panel.getMaxY() + HeatmapLayout.LABEL_GAP;
        for (int i = 0; i < labels.size(); i += layout.columnStride()) {
            double middle = panel.x + (i + 0.5) * layout.pitch();
            if (layout.isTurned()) {
                double width = FittedTitle.width(labels.get(i), HeatmapLayout.LABEL_FONT);
                pen.writeUpwards(labels.get(i), HeatmapLayout.LABEL_FONT, middle + 4, top + width);
            } else {
                pen.writeAround(labels.get(i), HeatmapLayout.LABEL_FONT, middle, top + 10);
            }
        }
    }

    private void drawAxisTitles(Pen pen) {
        Rectangle first = layout.panel(0);
        Rectangle lowest = layout.lowestPanel();
        pen.write(
                "looks at (key)",
                HeatmapLayout.LABEL_FONT,
                first.x,
                lowest.getMaxY() + layout.labelHeight() + 16);
        String rows = "token (query)";
        double length = FittedTitle.width(rows, HeatmapLayout.LABEL_FONT);
        pen.writeUpwards(
                rows,
                HeatmapLayout.LABEL_FONT,
                HeatmapLayout.MARGIN + 8,
                first.y + Math.max(length, first.height));
    }
}
