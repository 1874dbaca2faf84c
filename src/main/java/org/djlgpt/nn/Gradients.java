package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.nn.Parameter;

import org.djlgpt.torch.NoGrad;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The gradients that backward passes have added up in trainable parameters. Closing it closes the
 * handles in Java; the sums stay with the parameters until {@link #clear()}.
 */
public final class Gradients implements AutoCloseable {

    private static final double CLIP_EPSILON = 1e-6;

    private final List<Parameter> parameters;
    private final List<NDArray> values = new ArrayList<>();

    /**
     * Opens the gradients of the trainable ones among some parameters.
     *
     * @param parameters initialized parameters that a backward pass has reached
     */
    public Gradients(Collection<Parameter> parameters) {
        this.parameters = parameters.stream().filter(Parameter::requiresGradient).toList();
        for (Parameter parameter : this.parameters) {
            NDArray value = parameter.getArray().getGradient();
            NDScope.unregister(value);
            values.add(value);
        }
    }

    /**
     * Scales all gradients by one factor so that their global L2 norm is at most a limit (Pascanu
     * et al., "On the difficulty of training recurrent neural networks", 2013, section 3.2; <a
     * href="https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html">torch.nn.utils.clip_grad_norm_</a>).
     *
     * @param maxNorm the limit, positive; infinity never clips
     * @return the norm before
     */
    public double clipNorm(double maxNorm) {
        try (NoGrad noGrad = new NoGrad();
                NDScope scope = new NDScope()) {
            double squares = 0;
            for (NDArray value : values) {
                double norm = value.norm().getFloat();
                squares += norm * norm;
            }
            double norm = Math.sqrt(squares);
            double factor = maxNorm / (norm + CLIP_EPSILON);
            if (factor < 1) {
                values.forEach(value -> value.muli(factor));
            }
            return norm;
        }
    }

    /**
     * Lets an optimizer update every parameter by its gradient.
     *
     * @param optimizer the optimizer
     */
    public void apply(AdamW optimizer) {
        for (int i = 0; i < values.size(); i++) {
            Parameter parameter = parameters.get(i);
            optimizer.update(parameter.getId(), parameter.getArray(), values.get(i));
        }
    }

    /** Sets every gradient to zero, for the next sum. */
    public void clear() {
        try (NoGrad noGrad = new NoGrad()) {
            values.forEach(value -> value.subi(value));
        }
    }

    @Override
    public void close() {
        values.forEach(NDArray::close);
    }
}
