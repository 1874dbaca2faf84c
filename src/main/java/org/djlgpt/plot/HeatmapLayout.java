package org.djlgpt.plot;

import java.awt.Dimension;
import java.awt.Font;
import java.awt.Rectangle;
import java.util.List;

/** Where the parts of a heat map are, in pixels. */
final class HeatmapLayout {

    static final Font PANEL_FONT = PlotTheme.font(Font.BOLD, 12);
    static final Font LABEL_FONT = PlotTheme.font(Font.PLAIN, 12);

    static final int MARGIN = 16;
    static final int LABEL_GAP = 5;

    /** The least distance between the middles of two lines of labels. */
    static final int LINE = 14;

    static final int LEGEND_WIDTH = 92;

    private static final int GAP = 16;
    private static final int TITLE_HEIGHT = 34;
    private static final int PANEL_TITLE_HEIGHT = 20;
    private static final int AXIS_TITLE_HEIGHT = 20;
    private static final int LEAST_HEIGHT = 230;
    private static final int MAX_SIZE = 10_000;

    /** Labels that are no wider, such as single characters, are thinned out rather than turned. */
    private static final int WIDEST_FLAT = 22;

    private static final int SMALLEST_CELL = 3;
    private static final int LARGEST_CELL = 44;
    private static final int CELL_WITH_VALUE = 36;

    private final int panels;
    private final int columns;
    private final int block;
    private final int cells;
    private final int cell;
    private final int widest;
    private final boolean turned;
    private final int left;
    private final int top;

    /**
     * Arranges the matrices.
     *
     * @param labels a label for each token
     * @param values whether cells must have room for their weight
     * @param hasTitle whether there must be room for a title
     * @throws IllegalArgumentException if that takes too large a picture
     */
    HeatmapLayout(AttentionWeights weights, List<String> labels, boolean values, boolean hasTitle) {
        panels = weights.layers().size() * weights.heads();
        columns = columns(weights);
        int tokens = weights.tokens();
        block = values ? 1 : ceilDiv(SMALLEST_CELL * tokens, between(96, 1600 / columns, 1024));
        cells = ceilDiv(tokens, block);
        int fitting = between(96, 1040 / columns, 640) / cells;
        cell = between(values ? CELL_WITH_VALUE : SMALLEST_CELL, fitting, LARGEST_CELL);
        widest = widest(labels);
        turned = widest + LABEL_GAP > Math.max(WIDEST_FLAT, cell);
        left = MARGIN + AXIS_TITLE_HEIGHT + widest + LABEL_GAP;
        top = MARGIN + (hasTitle ? TITLE_HEIGHT : 0) + (panels > 1 ? PANEL_TITLE_HEIGHT : 0);
        requireDrawable();
    }

    /** As many as there are heads for several layers; else close to a square. */
    private static int columns(AttentionWeights weights) {
        boolean isOverview = weights.layers().size() > 1 && weights.heads() > 1;
        int panels = weights.layers().size() * weights.heads();
        return isOverview ? weights.heads() : (int) Math.ceil(Math.sqrt(panels));
    }

    private static int ceilDiv(int dividend, int divisor) {
        return (dividend + divisor - 1) / divisor;
    }

    private static int between(int least, int value, int most) {
        return Math.max(least, Math.min(most, value));
    }

    private static int widest(List<String> labels) {
        return (int)
                Math.ceil(
                        labels.stream()
                                .mapToDouble(label -> FittedTitle.width(label, LABEL_FONT))
                                .max()
                                .orElseThrow());
    }

    private void requireDrawable() {
        Dimension size = size();
        if (Math.max(size.width, size.height) > MAX_SIZE) {
            throw new IllegalArgumentException(
                    "the picture would have %d by %d pixels, more than %d; draw fewer heads, layers, tokens or values"
                            .formatted(size.width, size.height, MAX_SIZE));
        }
    }

    /** Returns the whole picture's size. */
    Dimension size() {
        int right = left + columns * (panelSize() + GAP) - GAP;
        int bottom =
                top
                        + rows() * panelSize()
                        + (rows() - 1) * (GAP + PANEL_TITLE_HEIGHT)
                        + labelHeight()
                        + AXIS_TITLE_HEIGHT;
        return new Dimension(
                right + GAP + LEGEND_WIDTH + MARGIN, Math.max(bottom, top + LEAST_HEIGHT) + MARGIN);
    }

    int panels() {
        return panels;
    }

    /** Returns how many tokens a cell stands for in each direction. */
    int block() {
        return block;
    }

    /** Returns the side of a cell. */
    int cell() {
        return cell;
    }

    /** Returns whether the labels below a matrix are turned by a quarter. */
    boolean isTurned() {
        return turned;
    }

    /** Returns the room for the labels below a matrix. */
    int labelHeight() {
        return (turned ? widest : LINE) + LABEL_GAP;
    }

    private int rows() {
        return ceilDiv(panels, columns);
    }

    private int panelSize() {
        return cells * cell;
    }

    /** Returns the place of a matrix. */
    Rectangle panel(int index) {
        return new Rectangle(
                left + index % columns * (panelSize() + GAP),
                top + index / columns * (panelSize() + GAP + PANEL_TITLE_HEIGHT),
                panelSize(),
                panelSize());
    }

    /** Returns the place of the first matrix of the last row. */
    Rectangle lowestPanel() {
        return panel(columns * (rows() - 1));
    }

    boolean isLeftmost(int panel) {
        return panel % columns == 0;
    }

    boolean isLowest(int panel) {
        return panel + columns >= panels;
    }

    /** Returns the distance between two tokens, which is below 1 if many share a cell. */
    double pitch() {
        return (double) cell / block;
    }

    /** Returns how many tokens apart labels are beside a matrix. */
    int rowStride() {
        return (int) Math.ceil(LINE / pitch());
    }

    /** Returns how many tokens apart labels are below a matrix. */
    int columnStride() {
        return turned ? rowStride() : (int) Math.ceil((widest + LABEL_GAP) / pitch());
    }

    /** Returns the place of the legend's colors. */
    Rectangle legend() {
        int right = left + columns * (panelSize() + GAP);
        return new Rectangle(right + 4, top + 22, 16, 140);
    }
}
