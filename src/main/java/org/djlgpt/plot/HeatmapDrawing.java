package org.djlgpt.plot;

import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.util.List;
import java.util.Locale;

/** Draws the matrices of a heat map with their labels. */
final class HeatmapDrawing {

    /** From this side on, a line of background keeps cells apart. */
    private static final int SEPARATE_CELL = 12;

    private static final Font LABEL_FONT = HeatmapLayout.LABEL_FONT;

    private static final int LEGEND_TICKS = 4;
    private static final int LEGEND_GAP = 6;

    private final AttentionWeights weights;
    private final List<String> labels;
    private final String title;
    private final Words words;
    private final boolean values;
    private final WeightScale scale;
    private final PlotTheme theme;
    private final HeatmapLayout layout;
    private final double largest;

    /** What stands at the rows, at the columns and at the colors. */
    record Words(String rows, String columns, String colors) {

        static final Words OF_ATTENTION = new Words("token (query)", "looks at (key)", "weight");
    }

    HeatmapDrawing(
            AttentionWeights weights,
            List<String> labels,
            String title,
            Words words,
            boolean values,
            WeightScale scale,
            PlotTheme theme) {
        this.weights = weights;
        this.labels = labels;
        this.title = title;
        this.words = words;
        this.values = values;
        this.scale = scale;
        this.theme = theme;
        layout = new HeatmapLayout(weights, labels, values, !title.isBlank());
        largest = weights.largest();
    }

    Dimension size() {
        return layout.size();
    }

    void draw(Pen pen) {
        int margin = HeatmapLayout.MARGIN;
        int wide = size().width - 2 * margin;
        pen.writeFitting(title, PlotTheme.TITLE_FONT, margin, margin + 18, wide);
        for (int panel = 0; panel < layout.panels(); panel++) {
            drawPanel(pen, panel);
        }
        drawAxisTitles(pen);
        drawLegend(pen);
    }

    /** Returns a weight's color; for 0 the background. */
    private Color color(double weight) {
        return weight == 0
                ? theme.background()
                : theme.colorScale().at(scale.position(weight / largest));
    }

    private void drawPanel(Pen pen, int index) {
        Rectangle panel = layout.panel(index);
        AttentionWeights.Head matrix =
                weights.head(index / weights.heads(), index % weights.heads())
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

    private void fillCells(Graphics2D graphics, AttentionWeights.Head matrix, Rectangle panel) {
        graphics.setColor(theme.grid());
        graphics.drawRect(panel.x - 1, panel.y - 1, panel.width + 1, panel.height + 1);
        int side = layout.cell() - (layout.cell() >= SEPARATE_CELL ? 1 : 0);
        for (int row = 0; row < matrix.size(); row++) {
            for (int column = 0; column < matrix.size(); column++) {
                if (matrix.at(row, column) > 0) {
                    int x = panel.x + column * layout.cell();
                    int y = panel.y + row * layout.cell();
                    graphics.setColor(color(matrix.at(row, column)));
                    graphics.fillRect(x, y, side, side);
                }
            }
        }
    }

    private void writeValues(Graphics2D graphics, AttentionWeights.Head matrix, Rectangle panel) {
        for (int row = 0; row < matrix.size(); row++) {
            for (int column = 0; column < matrix.size(); column++) {
                float weight = matrix.at(row, column);
                String text = weight == 0 ? "0" : String.format(Locale.ROOT, "%.2f", weight);
                double middle = panel.x + (column + 0.5) * layout.cell();
                double baseline = panel.y + (row + 0.5) * layout.cell() + 4;
                new Pen(graphics, ColorScale.inkOn(color(weight)))
                        .writeAround(text, LABEL_FONT, middle, baseline);
            }
        }
    }

    private void drawRowLabels(Pen pen, Rectangle panel) {
        double right = panel.getX() - HeatmapLayout.LABEL_GAP;
        for (int i = 0; i < labels.size(); i += layout.rowStride()) {
            double middle = panel.y + (i + 0.5) * layout.pitch();
            pen.writeUpTo(labels.get(i), LABEL_FONT, right, middle + 4);
        }
    }

    private void drawColumnLabels(Pen pen, Rectangle panel) {
        double top = panel.getMaxY() + HeatmapLayout.LABEL_GAP;
        for (int i = 0; i < labels.size(); i += layout.columnStride()) {
            double middle = panel.x + (i + 0.5) * layout.pitch();
            if (layout.isTurned()) {
                double width = FittedTitle.width(labels.get(i), LABEL_FONT);
                pen.writeUpwards(labels.get(i), LABEL_FONT, middle + 4, top + width);
            } else {
                pen.writeAround(labels.get(i), LABEL_FONT, middle, top + 10);
            }
        }
    }

    private void drawAxisTitles(Pen pen) {
        Rectangle first = layout.panel(0);
        double below = layout.lowestPanel().getMaxY() + layout.labelHeight() + 16;
        pen.write(words.columns(), LABEL_FONT, first.x, below);
        String rows = words.rows();
        double bottom = first.y + Math.max(FittedTitle.width(rows, LABEL_FONT), first.height);
        pen.writeUpwards(rows, LABEL_FONT, HeatmapLayout.MARGIN + 8, bottom);
    }

    /** Says which color is which weight. */
    private void drawLegend(Pen pen) {
        Rectangle bar = layout.legend();
        double beside = bar.getMaxX() + LEGEND_GAP;
        pen.write(words.colors(), LABEL_FONT, bar.x, bar.y - 10);
        pen.sharply(() -> fillColors(pen.graphics(), bar));
        for (int i = 0; i <= LEGEND_TICKS; i++) {
            double position = (double) i / LEGEND_TICKS;
            double y = bar.getMaxY() - position * bar.height;
            String weight = ValueAxis.text(largest * scale.share(position), 2);
            pen.write(weight, LABEL_FONT, beside, y + 4);
        }
        int y = bar.y + bar.height + 18;
        pen.graphics().setColor(theme.grid());
        pen.graphics().drawRect(bar.x, y, bar.width - 1, bar.width - 1);
        pen.write("none", LABEL_FONT, beside, y + 12);
        if (layout.block() > 1) {
            pen.write("largest of", LABEL_FONT, bar.x, y + 36);
            String block = "%1$d \u00D7 %1$d tokens".formatted(layout.block());
            pen.write(block, LABEL_FONT, bar.x, y + 50);
        }
    }

    private void fillColors(Graphics2D graphics, Rectangle bar) {
        for (int i = 0; i < bar.height; i++) {
            graphics.setColor(theme.colorScale().at((i + 0.5) / bar.height));
            graphics.fillRect(bar.x, bar.y + bar.height - 1 - i, bar.width, 1);
        }
    }
}
