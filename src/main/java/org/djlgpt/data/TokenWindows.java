package org.djlgpt.data;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.dataset.Batch;
import ai.djl.training.dataset.BatchSampler;
import ai.djl.training.dataset.RandomAccessDataset;
import ai.djl.training.dataset.Record;
import ai.djl.training.dataset.Sampler;
import ai.djl.training.dataset.SequenceSampler;
import ai.djl.translate.Batchifier;
import ai.djl.translate.TranslateException;
import ai.djl.util.Progress;

import org.djlgpt.nn.IllegalParameterException;

import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.function.LongFunction;

/**
 * A data set of windows over tokens, whose labels are the windows one token further.
 *
 * <p>Record {@code i} starts at token {@code i * stride}: its data are {@code T} ids from there on,
 * its labels the {@code T} ids from the next token on, both as {@link
 * ai.djl.ndarray.types.DataType#INT64}. A window never goes beyond the end: the last tokens that do
 * not fill one are left out.
 *
 * <p>Batches from {@link #getData(NDManager)}, as {@link ai.djl.training.EasyTrain} asks for them,
 * and from {@link #batch} hold one array (B, T) of data and one of labels, made in one piece. A
 * data set with transforms or another batchifier than {@link Batchifier#STACK} is read record by
 * record.
 */
public final class TokenWindows extends RandomAccessDataset implements TrainingSet {

    private final Tokens tokens;
    private final int contextLength;
    private final long stride;
    private String fingerprint;
    private int maxId = -1;

    private TokenWindows(Builder builder) {
        super(builder);
        tokens = builder.tokens;
        contextLength = builder.contextLength;
        stride = builder.stride();
    }

    /**
     * Starts a data set.
     *
     * @return a builder without tokens and context length, which must be set
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns one window.
     *
     * @param manager the manager of its arrays
     * @param index the window, from 0 to {@link #size()} - 1
     * @return data (T) and labels (T)
     * @throws IllegalArgumentException if there is no such window
     */
    @Override
    public Record get(NDManager manager, long index) {
        NDList window = arrays(manager, new Shape(contextLength), index);
        return new Record(new NDList(window.get(0)), new NDList(window.get(1)));
    }

    /**
     * Returns several windows in two arrays; the direct way for a training loop of its own.
     *
     * @param manager the manager of the arrays
     * @param indices the windows, each from 0 to {@link #size()} - 1, at least one
     * @return data (B, T) and labels (B, T), in the order of the indices
     * @throws IllegalArgumentException if there are no indices or one has no window
     */
    @Override
    public NDList batch(NDManager manager, long... indices) {
        if (indices.length == 0) {
            throw new IllegalArgumentException(
                    "a batch of 0 windows is empty; give at least 1 index");
        }
        return arrays(manager, new Shape(indices.length, contextLength), indices);
    }

    /**
     * Returns the part of these windows that one of several workers takes. The parts follow one
     * another, differ by a window at most, and each window is in one of them.
     *
     * @param rank counts the workers, from 0
     * @param workers how many there are, at most as many as windows
     * @return the part, without copying and without the sampling of this data set
     * @throws IllegalArgumentException if there is no such worker, or none is left for some
     */
    @Override
    public TokenWindows shard(int rank, int workers) {
        Shard.requireShare(rank, workers, size(), "windows");
        if (workers == 1) {
            return this;
        }
        long first = share(rank, workers) * stride;
        long last = (share(rank + 1, workers) - 1) * stride + contextLength + 1;
        return new Builder()
                .setTokens(tokens.slice(first, last))
                .setContextLength(contextLength)
                .optStride(Math.toIntExact(stride))
                .build();
    }

    /** Returns how many windows the workers before one have. */
    private long share(long rank, int workers) {
        return size() / workers * rank + size() % workers * rank / workers;
    }

    /**
     * Returns what these are windows over.
     *
     * @return the tokens, those behind the last window too
     */
    public Tokens tokens() {
        return tokens;
    }

    /**
     * Returns the length of a window.
     *
     * @return the number of tokens T
     */
    @Override
    public int contextLength() {
        return contextLength;
    }

    /**
     * Says which windows these are; another data set that says the same has the same ones. The
     * first call reads all tokens.
     *
     * @return the windows' length and distance, and the number and the SHA-256 of the tokens
     */
    @Override
    public synchronized String fingerprint() {
        if (fingerprint == null) {
            fingerprint =
                    "windows of %d, %d apart, over %d tokens with SHA-256 %s"
                            .formatted(contextLength, stride, tokens.size(), tokens.sha256());
        }
        return fingerprint;
    }

    /**
     * Checks that a model has an embedding for every id, so that no batch needs to be looked at.
     * The first call reads all tokens.
     *
     * @param vocabSize the number of ids that the model knows
     * @throws IllegalArgumentException if an id is {@code vocabSize} or more, naming the first such
     *     id and its position
     */
    @Override
    public synchronized void requireIdsBelow(int vocabSize) {
        if (maxId < 0) {
            maxId = tokens.maxId();
        }
        if (maxId >= vocabSize) {
            tokens.requireIdsBelow(vocabSize);
        }
    }

    private NDList arrays(NDManager manager, Shape shape, long... indices) {
        long[] data = new long[Math.multiplyExact(indices.length, contextLength)];
        long[] labels = new long[data.length];
        int[] window = new int[contextLength + 1];
        for (int i = 0; i < indices.length; i++) {
            readWindow(indices[i], window);
            for (int t = 0; t < contextLength; t++) {
                data[i * contextLength + t] = window[t];
                labels[i * contextLength + t] = window[t + 1];
            }
        }
        return new NDList(manager.create(data, shape), manager.create(labels, shape));
    }

    private void readWindow(long index, int[] window) {
        if (index < 0 || index >= size()) {
            throw new IllegalArgumentException(
                    "window=" + index + " does not exist; give 0 to " + (size() - 1));
        }
        tokens.read(index * stride, window);
    }

    @Override
    protected long availableSize() {
        return (tokens.size() - contextLength - 1) / stride + 1;
    }

    /**
     * Does nothing: the tokens are there.
     *
     * @param progress ignored
     */
    @Override
    public void prepare(Progress progress) {
        // The tokens are there.
    }

    @Override
    public Iterable<Batch> getData(NDManager manager, Sampler sampler, ExecutorService executor)
            throws IOException, TranslateException {
        boolean plain =
                pipeline == null
                        && targetPipeline == null
                        && dataBatchifier == Batchifier.STACK
                        && labelBatchifier == Batchifier.STACK;
        if (!plain) {
            return super.getData(manager, sampler, executor);
        }
        return new WindowIterable(this, manager, sampler, executor, prefetchNumber, device);
    }

    /** Builds {@link TokenWindows}. */
    public static final class Builder extends BaseBuilder<Builder> {

        private Tokens tokens;
        private int contextLength;
        private Long stride;
        private long seed;
        private LongFunction<Sampler> sampling = key -> sampler(1, false, false, key);

        private Builder() {}

        /**
         * Sets the tokens.
         *
         * @param tokens at least one more than the context length
         * @return this builder
         */
        public Builder setTokens(Tokens tokens) {
            this.tokens = tokens;
            return this;
        }

        /**
         * Sets the number of tokens in a window.
         *
         * @param contextLength at least 1; the context length of the model, or less
         * @return this builder
         */
        public Builder setContextLength(int contextLength) {
            this.contextLength = contextLength;
            return this;
        }

        /**
         * Sets the distance from the start of one window to that of the next.
         *
         * @param stride at least 1; 1 for every possible window. By default the context length,
         *     with which each token is a label once
         * @return this builder
         */
        public Builder optStride(int stride) {
            this.stride = (long) stride;
            return this;
        }

        /**
         * Sets what the order of random sampling follows from.
         *
         * @param seed any number, by default 0
         * @return this builder
         */
        public Builder optSeed(long seed) {
            this.seed = seed;
            return this;
        }

        /**
         * Sets batches in the order of the tokens, or in that of a {@link SeededShuffle} with the
         * seed of this builder. DJL's trainer asks for them; by default there is one window in a
         * batch, in order.
         *
         * @param batchSize the number of windows in a batch, at least 1
         * @param random whether to shuffle, otherwise in each epoch
         * @param dropLast whether to leave out a last batch that is smaller
         * @return this builder
         */
        @Override
        public Builder setSampling(int batchSize, boolean random, boolean dropLast) {
            sampling = key -> sampler(batchSize, random, dropLast, key);
            return this;
        }

        @Override
        public Builder setSampling(Sampler sampler) {
            sampling = key -> sampler;
            return this;
        }

        /**
         * Builds the data set.
         *
         * @return the data set
         * @throws IllegalArgumentException if tokens or context length are not set, the context
         *     length, stride, batch size or limit is less than 1, or the tokens are fewer than one
         *     window and its last label
         */
        public TokenWindows build() {
            if (tokens == null) {
                throw new IllegalArgumentException("tokens are not set; call setTokens");
            }
            requirePositive("contextLength", contextLength);
            requirePositive("stride", stride());
            requirePositive("limit", limit);
            if (tokens.size() <= contextLength) {
                throw new IllegalParameterException(
                        "%d tokens are fewer than the %d of one window ({contextLength}=%d and a"
                                + " label); give a longer text or a smaller {contextLength}",
                        tokens.size(), contextLength + 1L, contextLength);
            }
            sampler = sampling.apply(seed);
            return new TokenWindows(this);
        }

        private static Sampler sampler(int batchSize, boolean random, boolean dropLast, long seed) {
            requirePositive("batchSize", batchSize);
            return random
                    ? new SeededShuffle(batchSize, seed, dropLast)
                    : new BatchSampler(new SequenceSampler(), batchSize, dropLast);
        }

        private long stride() {
            return stride == null ? contextLength : stride;
        }

        private static void requirePositive(String name, long value) {
            if (value < 1) {
                throw new IllegalParameterException(
                        "{%s}=%%d must be at least 1".formatted(name), value);
            }
        }

        @Override
        protected Builder self() {
            return this;
        }
    }
}
