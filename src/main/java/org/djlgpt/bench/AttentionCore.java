package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.Functional;
import org.djlgpt.nn.Scalar;
import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.Kernels;

import java.util.List;
import java.util.stream.Stream;

/**
 * Causal attention alone: from queries, keys and values to context vectors. Plain operators compute
 * it by the formula; bfloat16 includes rounding the three inputs.
 *
 * @param operators what computes it
 * @param shape (B, heads, T, headDim)
 */
record AttentionCore(Operators operators, Shape shape) implements Case.Workload {

    @Override
    public List<Case.Phase> prepare(NDManager manager) {
        return differentiable(manager).phases();
    }

    Differentiable differentiable(NDManager manager) {
        List<NDArray> inputs = Stream.generate(() -> manager.randomNormal(shape)).limit(3).toList();
        inputs.forEach(input -> input.setRequiresGradient(true));
        NDArray mask = operators == Operators.PLAIN ? mask(shape.get(2), manager) : null;
        return new Differentiable(
                operators, training -> attend(inputs, mask), inputs, manager.randomNormal(shape));
    }

    private NDArray attend(List<NDArray> inputs, NDArray mask) {
        NDArray q = inputs.get(0);
        NDArray k = inputs.get(1);
        NDArray v = inputs.get(2);
        return switch (operators) {
            case PLAIN -> {
                NDArray scale = Scalar.of(1 / Math.sqrt(shape.get(3)), q);
                NDArray scores = q.matMul(k.swapAxes(2, 3)).add(mask).mul(scale); // (B, H, T, T)
                yield scores.softmax(-1).matMul(v); // (B, H, T, D)
            }
            case FLOAT32 -> Kernels.causalAttention(q, k, v, 0, Functional.NO_WINDOW);
            case BFLOAT16 ->
                    Kernels.causalAttention(
                            BFloat16.from(q),
                            BFloat16.from(k),
                            BFloat16.from(v),
                            0,
                            Functional.NO_WINDOW);
        };
    }

    /** Returns an array (T, T) of minus infinity above the diagonal and zero elsewhere. */
    static NDArray mask(long tokens, NDManager manager) {
        NDArray mask = manager.zeros(new Shape(tokens, tokens));
        try (NDArray index = manager.arange((int) tokens);
                NDArray column = index.expandDims(1);
                NDArray future = index.gt(column)) {
            mask.set(future, Float.NEGATIVE_INFINITY);
        }
        return mask;
    }
}
