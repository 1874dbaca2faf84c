package org.djlgpt.training;

/** Says that a training's loss or gradient is no longer finite; the last step was not applied. */
public final class DivergenceException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private DivergenceException(String what, double learningRate) {
        super(
                ("%s must be finite; lower the learning rate (%s), lengthen the warm-up, clip the"
                                + " norm or skip bad steps")
                        .formatted(what, learningRate));
    }

    /**
     * Says it of a step.
     *
     * @param report the step
     * @param learningRate the peak of the learning rate
     * @return the exception
     */
    public static DivergenceException atStep(StepReport report, double learningRate) {
        return new DivergenceException(
                "step %d: loss %s and gradient norm %s"
                        .formatted(report.step(), report.loss(), report.gradientNorm()),
                learningRate);
    }

    /**
     * Says it of an evaluation.
     *
     * @param step the steps done
     * @param validationLoss what is not finite
     * @param learningRate the peak of the learning rate
     * @return the exception
     */
    public static DivergenceException after(int step, double validationLoss, double learningRate) {
        return new DivergenceException(
                "after step %d: validation loss %s".formatted(step, validationLoss), learningRate);
    }
}
