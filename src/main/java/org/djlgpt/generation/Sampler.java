package org.djlgpt.generation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;

import org.djlgpt.nn.Inputs;
import org.djlgpt.torch.Kernels;

/**
 * Chooses the next token of each sequence. Start from {@link #greedy()} or {@link #random()} and
 * wrap: {@code Sampler.random().topK(40).temperature(0.8)} divides by the temperature first and
 * then keeps the 40 best.
 *
 * <p>Randomness comes from the engine's generator: {@code Engine.getInstance().setRandomSeed(123)}
 * makes the choices repeat.
 */
@FunctionalInterface
public interface Sampler {

    /**
     * Chooses tokens.
     *
     * @param logits the scores (B, V) of the next token
     * @return token ids (B, 1) of type INT64
     */
    NDArray sample(NDArray logits);

    /**
     * Takes the token of the highest score.
     *
     * @return the sampler, which uses no randomness
     */
    static Sampler greedy() {
        return logits -> logits.argMax(-1).expandDims(-1);
    }

    /**
     * Draws tokens with the probabilities that the softmax of the scores gives.
     *
     * @return the sampler
     */
    static Sampler random() {
        return logits -> Kernels.multinomial(logits.softmax(-1));
    }

    /**
     * Divides the scores by a temperature before this sampler sees them: below 1 the likely tokens
     * get likelier, above 1 less likely. Only differences between scores count, so the highest one
     * is taken from all of them first, and even the smallest temperature overflows nothing.
     *
     * @param temperature at least 0 and finite; 0 stands for the limit, {@link #greedy()}
     * @return the sampler
     * @throws IllegalArgumentException if the temperature is negative or not finite
     */
    default Sampler temperature(double temperature) {
        if (!(temperature >= 0 && Double.isFinite(temperature))) {
            throw new IllegalArgumentException(
                    ("temperature=%s must be finite and at least 0; use 1 for the model's own"
                                    + " probabilities, 0 for the likeliest token")
                            .formatted(temperature));
        }
        if (temperature == 0) {
            return greedy();
        }
        double factor = Math.max(Float.MIN_NORMAL, Math.min(1 / temperature, Float.MAX_VALUE));
        return logits -> sample(logits.sub(logits.max(new int[] {-1}, true)).mul(factor));
    }

    /**
     * Lets this sampler see the highest scores only; the others become minus infinity. Scores equal
     * to the last one kept are kept as well (Fan et al., "Hierarchical Neural Story Generation",
     * 2018, section 5.4).
     *
     * @param k how many, at least 1; all if there are no more
     * @return the sampler
     * @throws IllegalArgumentException if {@code k} is below 1
     */
    default Sampler topK(int k) {
        Inputs.requirePositive("topK", k);
        return logits -> {
            long vocabSize = logits.getShape().get(1);
            if (k >= vocabSize) {
                return sample(logits);
            }
            NDArray least = logits.topK(k, -1).get(0).get(":, -1:"); // (B, 1)
            NDArray dropped = logits.onesLike().muli(Float.NEGATIVE_INFINITY);
            return sample(NDArrays.where(logits.gte(least), logits, dropped));
        };
    }
}
