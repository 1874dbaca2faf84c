package org.djlgpt.training;

/** Says that a training's loss or gradient is no longer finite; the last step was not applied. */
public final class DivergenceException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    DivergenceException(int step, double loss, double gradientNorm, double learningRate) {
        super(
                ("step %d: loss %s and gradient norm %s must be finite; lower the learning "
                                + "rate (%s), lengthen the warm-up or clip the norm")
                        .formatted(step, loss, gradientNorm, learningRate));
    }
}
