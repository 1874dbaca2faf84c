package org.djlgpt.plot;

import java.awt.Dimension;
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
 *
 * <p>For a curve that grows with its run, keep a builder, tell it of each loss with {@link
 * Builder#addTraining} and {@link Builder#addValidation}, and build whenever there is something to
 * show.
 */
public final class LossCurve extends Picture {

    /**
     * A loss that a run should beat.
     *
     * @param label its name in the legend
     * @param loss in nats per token
     */
    record Baseline(String label, double loss) {}

    private final LossDrawing drawing;

    private LossCurve(Builder builder) {
        super(builder.theme, new Dimension(builder.width, builder.height));
        drawing = new LossDrawing(builder.title, builder.theme, size());
        drawing.addTraining(builder.training.points(), builder.smoothing);
        drawing.addValidation(builder.validation.points());
        drawing.addBaselines(builder.baselines);
        drawing.requireRoom();
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

    /** Builds a {@link LossCurve}, as often as there are new losses to show. */
    public static final class Builder extends PlotBuilder<Builder> {

        private final Losses training = new Losses("training");
        private final Losses validation = new Losses("validation");
        private final List<Baseline> baselines = new ArrayList<>();
        private double smoothing;

        private Builder() {
            super("Loss", 600);
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Sets the training loss.
         *
         * @param steps the steps in order, from 0 to 10^12, repetitions allowed; empty before the
         *     first step
         * @param losses the loss at each step, in nats per token; copied
         * @return this builder
         */
        public Builder setTraining(long[] steps, double[] losses) {
            training.set(steps, losses);
            return this;
        }

        /**
         * Adds a point to the training loss, as a run goes on.
         *
         * @param step the step, not below the one before
         * @param loss its loss in nats per token
         * @return this builder
         */
        public Builder addTraining(long step, double loss) {
            training.add(step, loss);
            return this;
        }

        /**
         * Sets the validation loss. Default: none.
         *
         * @param steps the steps in order, from 0 to 10^12, repetitions allowed
         * @param losses the loss at each step, in nats per token; copied
         * @return this builder
         */
        public Builder optValidation(long[] steps, double[] losses) {
            validation.set(steps, losses);
            return this;
        }

        /**
         * Adds a point to the validation loss, as a run goes on.
         *
         * @param step the step, not below the one before
         * @param loss its loss in nats per token
         * @return this builder
         */
        public Builder addValidation(long step, double loss) {
            validation.add(step, loss);
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
         * Builds the curve of the losses so far.
         *
         * @return the curve
         * @throws IllegalArgumentException if no losses were given, steps and losses differ in
         *     number, steps fall, a step, a baseline, the smoothing or the size is out of range, or
         *     the baselines' labels leave no room for the curve
         */
        public LossCurve build() {
            if (!training.isUsed() && !validation.isUsed()) {
                throw new IllegalArgumentException(
                        "The losses are missing; call setTraining, with empty arrays if need be,"
                                + " or addTraining");
            }
            for (Baseline baseline : baselines) {
                if (!Double.isFinite(baseline.loss())) {
                    throw new IllegalArgumentException(
                            "baseline '%s' is %s; give a finite loss"
                                    .formatted(baseline.label(), baseline.loss()));
                }
            }
            if (!(smoothing >= 0 && smoothing < 1)) {
                throw new IllegalArgumentException(
                        "smoothing=" + smoothing + " must be from 0 to below 1; try 0.9");
            }
            requireSize();
            return new LossCurve(this);
        }
    }
}
