package org.djlgpt.generation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.nn.Checks;
import org.djlgpt.nn.IllegalParameterException;
import org.djlgpt.nn.TensorBlock;

/**
 * Chooses the next token of each sequence. Start from {@link #greedy()} or {@link #random()} and
 * wrap; what is written last comes first: {@code Sampler.random().topK(40).temperature(0.8)}
 * divides by the temperature and then keeps the 40 best.
 *
 * <p>Chance is handed in, as a {@link Draw}: a sampler has no state, so that any number of
 * sequences and threads may share it.
 *
 * <p>The samplers here leave nothing behind but the tokens that they return; what they hand to the
 * sampler that they wrap lives until it has returned.
 */
@FunctionalInterface
public interface Sampler {

    /**
     * Chooses tokens.
     *
     * @param logits the scores (B, V) of the next token
     * @param seen the token ids (B, N) of each sequence so far, INT64, in which a shorter sequence
     *     is filled up with its last token
     * @param draw where chance comes from
     * @return token ids (B, 1) of type INT64
     */
    NDArray sample(NDArray logits, NDArray seen, Draw draw);

    /**
     * Chooses tokens that nothing comes before, by the chance of the engine's generator.
     *
     * @param logits the scores (B, V) of the next token
     * @return token ids (B, 1) of type INT64
     */
    default NDArray sample(NDArray logits) {
        Shape none = new Shape(logits.getShape().get(0), 0);
        try (NDArray nothing = logits.getManager().zeros(none, DataType.INT64)) {
            return sample(logits, nothing, Draw.ofEngine());
        }
    }

    /**
     * Takes the token of the highest score.
     *
     * @return the sampler, which uses no randomness
     */
    static Sampler greedy() {
        return scoped((logits, seen, draw) -> logits.argMax(-1).expandDims(-1));
    }

    /**
     * Draws tokens with the probabilities that the softmax of the scores gives.
     *
     * @return the sampler
     */
    static Sampler random() {
        return scoped((logits, seen, draw) -> draw.from(logits.softmax(-1)));
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
            throw new IllegalParameterException(
                    "{temperature}=%s must be finite and at least 0; use 1 for the model's own"
                            + " probabilities, 0 for the likeliest token",
                    temperature);
        }
        if (temperature == 0) {
            return greedy();
        }
        double factor = Math.max(Float.MIN_NORMAL, Math.min(1 / temperature, Float.MAX_VALUE));
        return scoped(
                (logits, seen, draw) ->
                        sample(logits.sub(highest(logits)).mul(factor), seen, draw));
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
        Checks.requirePositive("topK", k);
        return scoped(
                (logits, seen, draw) -> {
                    if (k >= logits.getShape().get(1)) {
                        return sample(logits, seen, draw);
                    }
                    NDArray least = logits.topK(k, -1).get(0).get(":, -1:"); // (B, 1)
                    return sample(from(least, logits), seen, draw);
                });
    }

    /**
     * Lets this sampler see the likeliest tokens only, as few as have a given probability together;
     * the scores of the others become minus infinity. Scores equal to the last one kept are kept as
     * well (Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020, section 3.1).
     *
     * @param p the probability, above 0 and at most 1; 1 keeps all
     * @return the sampler
     * @throws IllegalArgumentException if {@code p} lies outside
     */
    default Sampler topP(double p) {
        if (!(p > 0 && p <= 1)) {
            throw new IllegalParameterException(
                    "{topP}=%s must be above 0 and at most 1; use 1 for all tokens", p);
        }
        return scoped(
                (logits, seen, draw) -> {
                    if (p == 1) {
                        return sample(logits, seen, draw);
                    }
                    NDArray sorted = logits.neg().sort(-1).neg(); // (B, V), the highest first
                    NDArray probabilities = sorted.softmax(-1);
                    NDArray before = probabilities.cumSum(-1).sub(probabilities);
                    NDArray needed = before.lt(Math.max(p, Float.MIN_NORMAL));
                    NDArray dropped = sorted.onesLike().muli(Float.POSITIVE_INFINITY);
                    NDArray kept = NDArrays.where(needed, sorted, dropped);
                    return sample(from(kept.min(new int[] {-1}, true), logits), seen, draw);
                });
    }

    /**
     * Lets this sampler see only tokens that are at least a given fraction as likely as the
     * likeliest one; the scores of the others become minus infinity (Nguyen et al., "Min-p
     * Sampling", 2024, section 3).
     *
     * @param p the fraction, from 0 to 1; 0 keeps all
     * @return the sampler
     * @throws IllegalArgumentException if {@code p} lies outside
     */
    default Sampler minP(double p) {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalParameterException(
                    "{minP}=%s must lie in 0 to 1; use 0 for all tokens", p);
        }
        return scoped(
                (logits, seen, draw) ->
                        p == 0
                                ? sample(logits, seen, draw)
                                : sample(
                                        from(highest(logits).add(Math.log(p)), logits),
                                        seen,
                                        draw));
    }

    /**
     * Makes tokens that a sequence has already less likely before this sampler sees the scores:
     * positive scores are divided by a penalty, negative ones multiplied with it (Keskar et al.,
     * "CTRL", 2019, section 4.1).
     *
     * @param penalty above 0 and finite; 1 changes nothing, below 1 favours repetition
     * @return the sampler
     * @throws IllegalArgumentException if the penalty lies outside
     */
    default Sampler repetitionPenalty(double penalty) {
        if (!(penalty > 0 && Double.isFinite(penalty))) {
            throw new IllegalParameterException(
                    "{repetitionPenalty}=%s must be above 0 and finite; use 1 for none", penalty);
        }
        return scoped(
                (logits, seen, draw) -> {
                    if (penalty == 1 || seen.isEmpty()) {
                        return sample(logits, seen, draw);
                    }
                    NDArray scores = logits.gather(seen, 1); // (B, N)
                    NDArray punished =
                            NDArrays.where(scores.gt(0), scores.div(penalty), scores.mul(penalty));
                    return sample(logits.scatter(seen, punished, 1), seen, draw);
                });
    }

    private static Sampler scoped(Sampler sampler) {
        return (logits, seen, draw) ->
                TensorBlock.scoped(() -> sampler.sample(logits, seen, draw), logits);
    }

    private static NDArray highest(NDArray logits) {
        return logits.max(new int[] {-1}, true); // (B, 1)
    }

    private static NDArray from(NDArray least, NDArray logits) {
        NDArray dropped = logits.onesLike().muli(Float.NEGATIVE_INFINITY);
        return NDArrays.where(logits.gte(least), logits, dropped);
    }
}
