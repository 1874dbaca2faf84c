package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import ai.djl.util.Pair;

import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.Pass;
import org.djlgpt.torch.BFloat16;

import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;

/**
 * A GPT that says which label a text has: token ids (B, T) of type INT32 or INT64 to logits (B,
 * numLabels). The head, a linear layer without bias, reads the last real token of a row, which has
 * seen all others: the rightmost that is not the padding id (Radford et al., "Improving Language
 * Understanding by Generative Pre-Training", 2018, section 3.2; the rule and the head are those of
 * {@code GPT2ForSequenceClassification} and its relatives in transformers).
 *
 * <pre>{@code
 * GptModel base = ModelDirectory.load(folder, manager);
 * SequenceClassifier classifier =
 *         SequenceClassifier.on(base, List.of("ham", "spam"), padTokenId, manager);
 * }</pre>
 *
 * <p>Rows are padded on the right; what follows a row's last real token changes nothing. Of a row
 * of nothing but padding the first token is read. A text that ends with the padding id itself is
 * read up to the token before, whatever batch it is in.
 */
public final class SequenceClassifier extends GptTrunk {

    private final List<String> labels;
    private final Integer padTokenId;
    private final Linear score;

    private SequenceClassifier(Builder builder, Layers layers) {
        super(builder.config, layers);
        labels = List.copyOf(builder.labels);
        padTokenId = builder.padTokenId;
        int embeddingDim = builder.config.embeddingDim();
        score =
                addChildBlock(
                        "score", layers.linear(Role.HEAD, embeddingDim, labels.size(), false));
    }

    /**
     * Starts building a classifier.
     *
     * @return the builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Puts a new head on a model in place of the one that it writes with. The rest is shared, not
     * copied: who trains the classifier changes the model, and what is frozen in it stays frozen.
     *
     * @param base an initialized model without an adapter; adapters go on the classifier, see
     *     {@link Lora}
     * @param labels what there is to choose from, at least two
     * @param padTokenId the id that fills up the rows of a batch
     * @param manager owns the head, and nothing of the base
     * @return the initialized classifier, its head drawn as GPT-2's layers are
     * @throws IllegalArgumentException if the base has an adapter, the labels are fewer than two or
     *     not different, or {@code padTokenId} is no id of the model
     */
    public static SequenceClassifier on(
            GptModel base, List<String> labels, int padTokenId, NDManager manager) {
        if (Lora.config(base).isPresent()) {
            throw new IllegalArgumentException(
                    "the model has an adapter; merge it, and put another one on the classifier");
        }
        SequenceClassifier classifier =
                builder()
                        .setConfig(base.config())
                        .setLabels(labels)
                        .optPadTokenId(padTokenId)
                        .build();
        ParameterList shared = base.getParameters();
        for (Pair<String, Parameter> own : classifier.getParameters()) {
            Parameter parameter = shared.get(own.getKey());
            if (parameter != null) {
                NDArray array = parameter.getArray();
                own.getValue().freeze(!parameter.requiresGradient());
                own.getValue().setInitializer((owner, shape, type) -> array);
            }
        }
        Shape tokens = new Shape(1, base.config().contextLength());
        classifier.initialize(manager, Lora.type(base), tokens);
        return classifier;
    }

    @Override
    SequenceClassifier outline(Layers layers) {
        Builder builder = builder().setConfig(config()).setLabels(labels);
        builder.padTokenId = padTokenId;
        return new SequenceClassifier(builder, layers);
    }

    /**
     * Returns what there is to choose from.
     *
     * @return the labels, in the order of the logits
     */
    public List<String> labels() {
        return labels;
    }

    /**
     * Returns the id that fills up the rows of a batch.
     *
     * @return the id, or nothing if there is none: then a batch has one row
     */
    public OptionalInt padTokenId() {
        return padTokenId == null ? OptionalInt.empty() : OptionalInt.of(padTokenId);
    }

    /**
     * Returns the head.
     *
     * @return the layer whose weight is (numLabels, E)
     */
    public Linear score() {
        return score;
    }

    @Override
    protected NDArray forward(NDArray tokens, Pass pass) {
        NDArray x = BFloat16.widen(hidden(tokens, pass)); // (B, T, E)
        Shape one = new Shape(tokens.getShape().get(0), 1, config().embeddingDim());
        NDArray last = x.gather(lastReal(tokens).broadcast(one), 1); // (B, 1, E)
        return pass.through(last.squeeze(1), score); // (B, numLabels)
    }

    /** Returns the number of each row's last real token, (B, 1, 1). */
    private NDArray lastReal(NDArray tokens) {
        long length = tokens.getShape().get(1);
        if (padTokenId == null) {
            return whole(length - 1, tokens).reshape(1, 1, 1);
        }
        NDArray number = tokens.getManager().arange(0, length, 1, DataType.INT64); // (T)
        NDArray real =
                tokens.neq(whole(padTokenId, tokens)).toType(DataType.INT64, false); // (B, T)
        return real.mul(number).max(new int[] {1}, true).expandDims(2); // (B, 1, 1)
    }

    /** A number that is made where it is needed; another would have to be copied to a GPU. */
    private static NDArray whole(long number, NDArray like) {
        return like.getManager().full(new Shape(), number, DataType.INT64);
    }

    @Override
    protected void requireShape(Shape tokens) {
        super.requireShape(tokens);
        if (padTokenId == null && tokens.get(0) != 1) {
            throw new IllegalArgumentException(
                    ("a batch of %d rows needs a padding id, which the classifier does not have;"
                                    + " set padTokenId (pad_token_id in config.json), or give one"
                                    + " row at a time")
                            .formatted(tokens.get(0)));
        }
    }

    @Override
    protected Shape outputShape(Shape tokens) {
        return new Shape(tokens.get(0), labels.size());
    }

    /** Builds a {@link SequenceClassifier}. */
    public static final class Builder {

        private GptConfig config;
        private List<String> labels = List.of();
        private Integer padTokenId;
        private Layers layers;

        private Builder() {}

        /**
         * Sets the sizes of what is below the head.
         *
         * @param config the configuration; whether its output is tied does not matter
         * @return this builder
         */
        public Builder setConfig(GptConfig config) {
            this.config = config;
            return this;
        }

        /**
         * Sets what there is to choose from.
         *
         * @param labels at least two different ones, in the order of the logits
         * @return this builder
         */
        public Builder setLabels(List<String> labels) {
            this.labels = labels;
            return this;
        }

        /**
         * Sets the id that fills up the rows of a batch on the right.
         *
         * @param padTokenId an id of the model; by default there is none, and a batch has one row
         * @return this builder
         */
        public Builder optPadTokenId(int padTokenId) {
            this.padTokenId = padTokenId;
            return this;
        }

        /**
         * Sets how linear layers and embeddings are made.
         *
         * @param layers {@link Layers#gpt2} by default
         * @return this builder
         */
        public Builder optLayers(Layers layers) {
            this.layers = layers;
            return this;
        }

        /**
         * Builds the classifier.
         *
         * @return the classifier, not yet initialized
         * @throws IllegalArgumentException if the configuration is missing, the labels are fewer
         *     than two or not different, or the padding id is no id of the model
         */
        public SequenceClassifier build() {
            if (config == null) {
                throw new IllegalArgumentException("config is missing; call setConfig");
            }
            if (labels.size() < 2) {
                throw new IllegalArgumentException(
                        "labels=%s must be at least two: of one there is nothing to choose"
                                .formatted(labels));
            }
            if (new HashSet<>(labels).size() < labels.size()) {
                throw new IllegalArgumentException(
                        "labels=%s must differ from each other".formatted(labels));
            }
            if (padTokenId != null && (padTokenId < 0 || padTokenId >= config.vocabSize())) {
                throw new IllegalArgumentException(
                        "padTokenId=%d must be an id of the model, 0 to %d"
                                .formatted(padTokenId, config.vocabSize() - 1));
            }
            return new SequenceClassifier(
                    this, layers == null ? Layers.gpt2(config.numLayers()) : layers);
        }
    }
}
