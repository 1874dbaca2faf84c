package org.djlgpt.plot;

import ai.djl.ndarray.NDArray;

import java.util.List;
import java.util.stream.IntStream;

/**
 * What attention heads look at: a row for each token, a column for each token that it may look at,
 * and in each cell the color of the weight.
 *
 * <p>One head gives one matrix, a layer gives a grid of its heads, several layers give an overview
 * with a row for each layer. Layers and heads are counted from 0. Cells whose weight is exactly 0,
 * as a causal mask leaves them, stay empty. If there are more tokens than legible cells, a cell
 * shows the largest weight of a block of tokens, and the legend says so.
 *
 * <pre>{@code
 * AttentionHeatmap.builder()
 *         .setWeights(attention.attentionWeights(x)) // (1, heads, T, T)
 *         .optTokens(List.of("Your", "journey", "starts", "with", "one", "step"))
 *         .build()
 *         .save(Path.of("heads.svg"));
 * }</pre>
 */
public final class AttentionHeatmap extends Picture {

    private final HeatmapDrawing drawing;

    private AttentionHeatmap(PlotTheme theme, HeatmapDrawing drawing) {
        super(theme, drawing.size());
        this.drawing = drawing;
    }

    /**
     * Creates a builder.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    void draw(Pen pen) {
        drawing.draw(pen);
    }

    /** Builds an {@link AttentionHeatmap}. */
    public static final class Builder {

        private AttentionWeights weights;
        private Integer head;
        private List<String> tokens;
        private boolean values;
        private WeightScale scale = WeightScale.LINEAR;
        private String title = "";
        private HeatmapDrawing.Words words = HeatmapDrawing.Words.OF_ATTENTION;
        private PlotTheme theme = PlotTheme.LIGHT;

        private Builder() {}

        /**
         * Sets the weights of one head or of the heads of one layer.
         *
         * @param weights (T, T), (heads, T, T) or (1, heads, T, T), finite and at least 0; copied
         *     now, and still the caller's to close
         * @return this builder
         * @throws IllegalArgumentException if the shape or a weight is not as said
         */
        public Builder setWeights(NDArray weights) {
            return setWeights(List.of(weights));
        }

        /**
         * Sets the weights of several layers, such as {@code GptModel.attentionWeights} returns.
         *
         * @param layers for each layer (T, T), (heads, T, T) or (1, heads, T, T), all of one shape,
         *     finite and at least 0; copied now, and still the caller's to close
         * @return this builder
         * @throws IllegalArgumentException if a shape or a weight is not as said
         */
        public Builder setWeights(List<NDArray> layers) {
            weights = AttentionWeights.of(layers);
            return this;
        }

        /**
         * Sets the weights of one head.
         *
         * @param weights a row of T weights for each of T tokens, finite and at least 0; copied now
         * @return this builder
         * @throws IllegalArgumentException if a row or a weight is not as said
         */
        public Builder setWeights(float[][] weights) {
            this.weights = AttentionWeights.of(weights);
            return this;
        }

        /**
         * Leaves one head of each layer. Default: all.
         *
         * @param head the head, from 0
         * @return this builder
         */
        public Builder optHead(int head) {
            this.head = head;
            return this;
        }

        /**
         * Sets the texts at the axes, where spaces, line breaks and the like become visible and
         * which are thinned out where they would overlap. Default: the positions from 0.
         *
         * @param tokens the text of each token
         * @return this builder
         */
        public Builder optTokens(List<String> tokens) {
            this.tokens = List.copyOf(tokens);
            return this;
        }

        /**
         * Sets whether cells are large and show their weight with two decimals. Default: false.
         *
         * @param values true to write the weights
         * @return this builder
         */
        public Builder optValues(boolean values) {
            this.values = values;
            return this;
        }

        /**
         * Sets how weights become colors. Default: {@link WeightScale#LINEAR}. The scale ends at
         * the largest weight in the picture.
         *
         * @param scale the scale
         * @return this builder
         */
        public Builder optScale(WeightScale scale) {
            this.scale = scale;
            return this;
        }

        /**
         * Sets the title. Default: none.
         *
         * @param title one line, made smaller and then shortened if it is wider than the picture
         * @return this builder
         */
        public Builder optTitle(String title) {
            this.title = title;
            return this;
        }

        /**
         * Sets what the axes are called, for other shares than those of attention, such as how many
         * texts of a label a classifier gives which label.
         *
         * @param rows what a row is, {@code token (query)} by default
         * @param columns what a column is, {@code looks at (key)} by default
         * @param colors what a color says, {@code weight} by default
         * @return this builder
         */
        public Builder optAxisTitles(String rows, String columns, String colors) {
            words = new HeatmapDrawing.Words(rows, columns, colors);
            return this;
        }

        /**
         * Sets the colors. Default: {@link PlotTheme#LIGHT}.
         *
         * @param theme the theme
         * @return this builder
         */
        public Builder optTheme(PlotTheme theme) {
            this.theme = theme;
            return this;
        }

        /**
         * Builds the heat map.
         *
         * @return the heat map, which holds nothing of the engine's
         * @throws IllegalArgumentException if weights are missing, there is no such head, tokens
         *     are not as many as the weights are for, or the picture would be wider or higher than
         *     10,000 pixels
         */
        public AttentionHeatmap build() {
            if (weights == null) {
                throw new IllegalArgumentException("the weights are missing; call setWeights");
            }
            AttentionWeights drawn = head == null ? weights : weights.head(head);
            return new AttentionHeatmap(
                    theme, new HeatmapDrawing(drawn, labels(), title, words, values, scale, theme));
        }

        private List<String> labels() {
            if (tokens == null) {
                return IntStream.range(0, weights.tokens()).mapToObj(Integer::toString).toList();
            }
            weights.requireTokens(tokens);
            return tokens.stream().map(TokenLabel::shortened).toList();
        }
    }
}
