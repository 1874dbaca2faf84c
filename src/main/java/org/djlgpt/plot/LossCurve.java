package org.djlgpt.plot;

import java.awt.Dimension;
import java.awt.Graphics2D;
import java.util.ArrayList;
import java.util.List;

/**
 * The learning curve of a run: training loss, validation loss and the baselines they should beat,
 * in nats per token over training steps.
 *
 * <p>A loss that is NaN or infinite leaves a gap. Of long runs each pixel column shows the first,
 * lowest, highest and last loss, so no spike is lost. A run without points yet gives empty axes.
 *
 * <pre>{@code
 * LossCurve.builder()
 *         .setTraining(steps, losses)
 *         .optValidation(evaluatedSteps, validationLosses)
 *         .addBaseline("uniform", Math.log(vocabSize))
 *         .build()
 *         .save(Path.of("loss.png"));
 * }</pre>
 */
public final class LossCurve extends Picture {

    private final Losses training;
    private final Losses validation;
    private final List<Baseline> baselines;
    private final double smoothing;
    private final String title;
    private final PlotTheme theme;
    private final int width;
    private final int height;

    private LossCurve(Builder builder) {
        training = Losses.of("training", builder.trainingSteps, builder.trainingLosses);
        validation = Losses.of("validation", builder.validationSteps, builder.validationLosses);
        baselines = List.copyOf(builder.baselines);
        smoothing = builder.smoothing;
        title = builder.title;
        theme = builder.theme;
        width = builder.width;
        height = builder.height;
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
    Dimension size() {
        return new Dimension(width, height);
    }

    @Override
    void draw(Graphics2D graphics) {
        LossChart chart = new LossChart(title, theme, width, height);
        chart.addTraining(training, smoothing);
        chart.addValidation(validation);
        chart.finish(baselines).paint(graphics, width, height);
    }

    /** Builds a {@link LossCurve}. */
    public static final class Builder {

        private long[] trainingSteps;
        private double[] trainingLosses;
        private long[] validationSteps = {};
        private double[] validationLosses = {};
        private final List<Baseline> baselines = new ArrayList<>();
        private double smoothing;
        private String title = "Loss";
        private PlotTheme theme = PlotTheme.LIGHT;
        private int width = 960;
        private int height = 600;

        private Builder() {}

        /**
         * Sets the training loss.
         *
         * @param steps the steps in order, from 0 to 10^12, repetitions allowed; empty before the
         *     first step
         * @param losses the loss at each step, in nats per token
         * @return this builder
         */
        public Builder setTraining(long[] steps, double[] losses) {
            trainingSteps = steps;
            trainingLosses = losses;
            return this;
        }

        /**
         * Sets the validation loss. Default: none.
         *
         * @param steps the steps in order, from 0 to 10^12, repetitions allowed
         * @param losses the loss at each step, in nats per token
         * @return this builder
         */
        public Builder optValidation(long[] steps, double[] losses) {
            validationSteps = steps;
            validationLosses = losses;
            return this;
        }

        /**
         * Adds a horizontal line with its loss in the legend. Default: none.
         *
         * @param label what it stands for, such as {@code uniform} or {@code unigram}
         * @param loss its height in nats per token, finite
         * @return this builder
         */
        public Builder addBaseline(String label, double loss) {
            baselines.add(new Baseline(label, loss));
            return this;
        }

        /**
         * Sets how strongly the training loss is smoothed; the raw loss then stays in the
         * background. Each point becomes an exponential moving average of the points up to it.
         * Default: 0, raw only.
         *
         * @param weight what the past counts for, from 0 to below 1; 0.9 averages over about 10
         *     points, 0.99 over about 100
         * @return this builder
         */
        public Builder optSmoothing(double weight) {
            smoothing = weight;
            return this;
        }

        /**
         * Sets the title. Default: {@code Loss}.
         *
         * @param title one line, made smaller and then shortened if it is wider than the plot
         * @return this builder
         */
        public Builder optTitle(String title) {
            this.title = title;
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
         * Sets the size of the image. Default: 960 by 600, which prints 16 cm wide at 150 dpi.
         *
         * @param width in pixels, from 480 to 10,000
         * @param height in pixels, from 320 to 10,000
         * @return this builder
         */
        public Builder optSize(int width, int height) {
            this.width = width;
            this.height = height;
            return this;
        }

        /**
         * Builds the curve from what the arrays hold now.
         *
         * @return the curve
         * @throws IllegalArgumentException if the training loss is missing, steps and losses differ
         *     in number, steps fall, or a step, a baseline, the smoothing or the size is out of
         *     range
         */
        public LossCurve build() {
            if (trainingSteps == null || trainingLosses == null) {
                throw new IllegalArgumentException(
                        "The training loss is missing; call setTraining, with empty arrays if need"
                                + " be");
            }
            for (Baseline baseline : baselines) {
                if (!Double.isFinite(baseline.loss())) {
                    throw new IllegalArgumentException(
                            "baseline '"
                                    + baseline.label()
                                    + "' is "
                                    + baseline.loss()
                                    + "; give a finite loss");
                }
            }
            if (!(smoothing >= 0 && smoothing < 1)) {
                throw new IllegalArgumentException(
                        "smoothing=" + smoothing + " must be from 0 to below 1; try 0.9");
            }
            PlotSize.require(width, height);
            return new LossCurve(this);
        }
    }
}
