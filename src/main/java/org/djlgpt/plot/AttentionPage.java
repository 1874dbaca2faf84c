package org.djlgpt.plot;

import ai.djl.ndarray.NDArray;

import com.google.gson.Gson;

import org.djlgpt.io.AtomicFile;

import java.awt.Color;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * What attention heads look at as a page to explore in a browser: a click picks layer and head, and
 * pointing at a token tints the tokens that it looks at.
 *
 * <p>The page is one file that loads nothing, follows the browser between light and dark unless it
 * is told, and works with the keyboard.
 *
 * <pre>{@code
 * AttentionPage.builder()
 *         .setWeights(model.attentionWeights(tokens)) // (1, heads, T, T) for each layer
 *         .setTokens(List.of("to", " be", " or", " not"))
 *         .build()
 *         .save(Path.of("attention.html"));
 * }</pre>
 */
public final class AttentionPage {

    /**
     * What the page's script reads.
     *
     * @param title the heading
     * @param tokens a label for each token
     * @param weights by layer, head and row, in ten-thousandths, without the zeros at a row's end
     * @param light pairs of a color and the ink to write on it, by weight from the smallest
     * @param dark the same on a dark page
     */
    record Data(
            String title,
            List<String> tokens,
            List<List<List<int[]>>> weights,
            List<List<String>> light,
            List<List<String>> dark) {}

    /** More would take a browser minutes. */
    private static final long MAX_WEIGHTS = 10_000_000;

    private static final int COLORS = 64;

    /** The weight 1 in the page; half a ten-thousandth is nothing to see. */
    private static final int ONE = 10_000;

    private final AttentionWeights weights;
    private final List<String> tokens;
    private final String title;
    private final PlotTheme theme;

    private AttentionPage(Builder builder) {
        weights = builder.weights;
        tokens = builder.tokens;
        title = builder.title;
        theme = builder.theme;
    }

    /**
     * Creates a builder.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Writes the page.
     *
     * @return a whole HTML document
     */
    public String html() {
        return resource("attention.html")
                .replace(
                        "{{color-scheme}}",
                        theme == null ? "light dark" : theme.name().toLowerCase(Locale.ROOT))
                .replace("{{style}}", resource("attention.css"))
                .replace("{{script}}", resource("attention.js"))
                .replace("{{data}}", new Gson().toJson(data()));
    }

    /**
     * Writes the page into a file, which appears complete or not at all.
     *
     * @param file the file to create or replace, in a directory that exists
     * @throws IOException if the file can't be written; an existing file is then unchanged
     */
    public void save(Path file) throws IOException {
        AtomicFile.writeStream(file, out -> out.write(html().getBytes(StandardCharsets.UTF_8)));
    }

    private Data data() {
        return new Data(
                title,
                tokens.stream().map(TokenLabel::of).toList(),
                weights.layers().stream()
                        .map(heads -> heads.stream().map(AttentionPage::rows).toList())
                        .toList(),
                colors(PlotTheme.LIGHT),
                colors(PlotTheme.DARK));
    }

    private static List<int[]> rows(AttentionWeights.Head head) {
        return IntStream.range(0, head.size()).mapToObj(row -> row(head, row)).toList();
    }

    private static int[] row(AttentionWeights.Head head, int row) {
        int[] rounded = new int[head.size()];
        int length = 0;
        for (int column = 0; column < rounded.length; column++) {
            rounded[column] = Math.round(ONE * head.at(row, column));
            length = rounded[column] > 0 ? column + 1 : length;
        }
        return Arrays.copyOf(rounded, length);
    }

    private static List<List<String>> colors(PlotTheme theme) {
        return IntStream.range(0, COLORS)
                .mapToObj(i -> theme.colorScale().at(i / (COLORS - 1.0)))
                .map(color -> List.of(hex(color), hex(ColorScale.inkOn(color))))
                .toList();
    }

    private static String hex(Color color) {
        return "#%06x".formatted(color.getRGB() & 0xFFFFFF);
    }

    private static String resource(String name) {
        try (InputStream in = AttentionPage.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Builds an {@link AttentionPage}. */
    public static final class Builder {

        private AttentionWeights weights;
        private List<String> tokens;
        private String title = "Attention";
        private PlotTheme theme;

        private Builder() {}

        /**
         * Sets the weights.
         *
         * @param layers for each layer (T, T), (heads, T, T) or (1, heads, T, T), all of one shape,
         *     from 0 to 1, as {@code GptModel.attentionWeights} returns them; copied now, and still
         *     the caller's to close
         * @return this builder
         * @throws IllegalArgumentException if a shape or a weight is not as said
         */
        public Builder setWeights(List<NDArray> layers) {
            weights = AttentionWeights.of(layers);
            return this;
        }

        /**
         * Sets the tokens.
         *
         * @param tokens the text of each token
         * @return this builder
         */
        public Builder setTokens(List<String> tokens) {
            this.tokens = List.copyOf(tokens);
            return this;
        }

        /**
         * Sets the heading. Default: {@code Attention}.
         *
         * @param title any text
         * @return this builder
         */
        public Builder optTitle(String title) {
            this.title = title;
            return this;
        }

        /**
         * Sets the colors. Default: light or dark as the reader's browser prefers.
         *
         * @param theme the theme
         * @return this builder
         */
        public Builder optTheme(PlotTheme theme) {
            this.theme = theme;
            return this;
        }

        /**
         * Builds the page.
         *
         * @return the page, which holds nothing of the engine's
         * @throws IllegalArgumentException if weights or tokens are missing or not as many, or
         *     there are more than 10 million weights
         */
        public AttentionPage build() {
            if (weights == null || tokens == null) {
                throw new IllegalArgumentException(
                        "weights or tokens are missing; call setWeights and setTokens");
            }
            weights.requireTokens(tokens);
            long count = (long) tokens.size() * tokens.size() * weights.heads();
            count *= weights.layers().size();
            if (count > MAX_WEIGHTS) {
                throw new IllegalArgumentException(
                        String.format(
                                Locale.ROOT,
                                "%,d weights of %,d tokens are more than the %,d that a page takes;"
                                        + " give a shorter text, or draw a heat map",
                                count,
                                tokens.size(),
                                MAX_WEIGHTS));
            }
            return new AttentionPage(this);
        }
    }
}
