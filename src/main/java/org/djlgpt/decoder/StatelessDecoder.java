package org.djlgpt.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;

import org.djlgpt.model.GptConfig;
import org.djlgpt.nn.Checks;
import org.djlgpt.torch.ComputeDevice;

import java.util.Arrays;

/**
 * A {@link GptDecoder} that keeps nothing between calls: what it has seen goes out with its results
 * and comes back with the next tokens. So a search can repeat, drop and reorder sequences on the
 * way, at the price of copying their keys and values in each step. This is how DJL calls a language
 * model, see {@link ai.djl.modality.nlp.generate.CausalLMOutput}.
 *
 * <p>It takes
 *
 * <ul>
 *   <li>token ids (B, T),
 *   <li>the position (B, T) of each, counted from the first token that is no padding,
 *   <li>a mask (B, P + T), zero for padding, where P tokens came before,
 *   <li>and unless P = 0 keys and values (B, heads, P, headDim) in turn, layer by layer, float32,
 * </ul>
 *
 * <p>the first three of type INT64. It gives
 *
 * <ul>
 *   <li>logits (B, T, vocabSize),
 *   <li>the states (B, T, embeddingDim) that the output layer sees,
 *   <li>and keys and values (B, heads, P + T, headDim),
 * </ul>
 *
 * <p>float32, owned by the manager of the token ids. It has no parameters and can't be trained. Any
 * number of threads may use it at once.
 */
public final class StatelessDecoder extends AbstractBlock {

    private static final int BEFORE_PAST = 3;

    private final GptDecoder decoder;

    /**
     * Makes the block.
     *
     * @param decoder the model, which stays the caller's
     */
    public StatelessDecoder(GptDecoder decoder) {
        this.decoder = decoder;
    }

    /**
     * Returns the decoder that computes.
     *
     * @return the decoder
     */
    public GptDecoder decoder() {
        return decoder;
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameters,
            NDList inputs,
            boolean training,
            PairList<String, Object> params) {
        if (inputs.size() < BEFORE_PAST) {
            throw new IllegalArgumentException(
                    ("StatelessDecoder takes token ids, positions, a mask and a past, but got %d"
                                    + " arrays; leave out the past only")
                            .formatted(inputs.size()));
        }
        NDArray tokens = inputs.get(0);
        NDArray positions = inputs.get(1);
        requireWhole("token ids", tokens);
        requireWhole("positions", positions);
        Checks.requireKnownTokens(tokens, decoder.config().vocabSize());
        requireContext(positions);
        return decoder.kernel()
                .extend(tokens, positions, inputs.get(2), inputs.subNDList(BEFORE_PAST));
    }

    private static void requireWhole(String name, NDArray array) {
        if (array.getDataType() != DataType.INT64) {
            throw new IllegalArgumentException(
                    "StatelessDecoder: %s are %s, but must be INT64; convert with toType"
                            .formatted(name, array.getDataType()));
        }
    }

    private void requireContext(NDArray positions) {
        int contextLength = decoder.config().contextLength();
        for (long position : ComputeDevice.read(positions)) {
            if (position < 0 || position >= contextLength) {
                throw new IllegalArgumentException(
                        ("position %d lies outside 0 to %d; the model's context has %d tokens,"
                                        + " generate no longer sequences")
                                .formatted(position, contextLength - 1, contextLength));
            }
        }
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        GptConfig config = decoder.config();
        Shape tokens = inputShapes[0]; // (B, T)
        Shape mask = inputShapes[2]; // (B, P + T)
        Shape[] shapes = new Shape[2 + 2 * config.numLayers()];
        Arrays.fill(
                shapes,
                new Shape(mask.get(0), config.numKeyValueHeads(), mask.get(1), config.headDim()));
        shapes[0] = tokens.add(config.vocabSize());
        shapes[1] = tokens.add(config.embeddingDim());
        return shapes;
    }
}
