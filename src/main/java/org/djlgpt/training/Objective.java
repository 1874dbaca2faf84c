package org.djlgpt.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;

import org.djlgpt.data.TrainingSet;
import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.nn.CrossEntropy;
import org.djlgpt.nn.FusedLoss;
import org.djlgpt.nn.Pass;
import org.djlgpt.nn.Positions;
import org.djlgpt.tuning.LabelledTexts;

import java.util.stream.LongStream;

/** What a training makes smaller: a loss of batches, which the loop knows nothing else of. */
public interface Objective {

    /**
     * Computes the loss of a batch.
     *
     * @param model what is trained
     * @param batch the arrays of a {@link org.djlgpt.data.TrainingSet}
     * @param pass where parameter values come from, and whether the model is trained
     * @return the mean over what {@link #count} counts, a float32 scalar
     */
    NDArray loss(Block model, NDList batch, Pass pass);

    /**
     * Counts what the loss is the mean of, so that batches with more of it weigh more.
     *
     * @param batch the arrays of a {@link org.djlgpt.data.TrainingSet}; a training counts them
     *     before they leave the host
     * @return the number; 0 if there is nothing to learn
     */
    long count(NDList batch);

    /**
     * Checks once that a model takes all batches of a set, as no batch is looked at later.
     *
     * @param model what is trained
     * @param set what it is trained on, or measured by
     * @throws IllegalArgumentException if the model has no logits for each token, does not know an
     *     id, or has no room for the longest thing
     */
    default void requireFit(Block model, TrainingSet set) {
        Shape tokens = new Shape(1, set.contextLength());
        Shape logits = model.getOutputShapes(new Shape[] {tokens})[0]; // (1, T, V)
        if (logits.dimension() != 3) {
            throw new IllegalArgumentException(
                    "%s gives %s for a row of tokens, not logits for each token; take Objective.classification() if it is a classifier"
                            .formatted(model.getClass().getSimpleName(), logits));
        }
        set.requireIdsBelow((int) logits.getLastDimension());
    }

    /**
     * Predicts the token that follows each token. A batch is token ids (B, T) and the ids that
     * follow them (B, T), both INT64, where {@link CrossEntropy#IGNORED} stands for one that is not
     * to be learned. Where rows are packed it has a third array, the positions (B, T) that {@link
     * Positions#packed} takes; the model must then be a {@link FusedLoss}, as other blocks would
     * let a sequence see those beside it.
     *
     * @return the objective, in nats per token
     */
    static Objective nextToken() {
        return NextToken.INSTANCE;
    }

    /**
     * Chooses the label of each row. A batch is token ids (B, T) and the numbers of their labels
     * (B), both INT64; the model gives logits (B, labels).
     *
     * @return the objective, in nats per row
     */
    static Objective classification() {
        return Classification.INSTANCE;
    }
}

enum NextToken implements Objective {
    INSTANCE;

    @Override
    public NDArray loss(Block model, NDList batch, Pass pass) {
        boolean isPacked = batch.size() == 3;
        if (model instanceof FusedLoss fused) {
            Pass own = isPacked ? pass.at(Positions.packed(batch.get(2))) : pass;
            return fused.loss(batch.get(0), batch.get(1), own);
        }
        if (isPacked) {
            throw new IllegalArgumentException(
                    ("a %s would let packed sequences see each other; train it on rows of one"
                                    + " sequence each")
                            .formatted(model.getClass().getSimpleName()));
        }
        return CrossEntropy.mean(pass.through(batch.get(0), model), batch.get(1));
    }

    @Override
    public long count(NDList batch) {
        long[] targets = batch.get(1).toLongArray();
        return LongStream.of(targets).filter(target -> target != CrossEntropy.IGNORED).count();
    }
}

enum Classification implements Objective {
    INSTANCE;

    @Override
    public NDArray loss(Block model, NDList batch, Pass pass) {
        return CrossEntropy.mean(pass.through(batch.get(0), model), batch.get(1));
    }

    @Override
    public long count(NDList batch) {
        return batch.get(1).size();
    }

    @Override
    public void requireFit(Block model, TrainingSet set) {
        Shape tokens = new Shape(1, set.contextLength());
        long logits = model.getOutputShapes(new Shape[] {tokens})[0].getLastDimension();
        if (set instanceof LabelledTexts texts && texts.labels().size() != logits) {
            throw new IllegalArgumentException(
                    "the texts have the labels %s, but the model has logits for %d; make it for them"
                            .formatted(texts.labels(), logits));
        }
        if (model instanceof SequenceClassifier classifier) {
            set.requireIdsBelow(classifier.config().vocabSize());
            if (set instanceof LabelledTexts texts && !texts.labels().equals(classifier.labels())) {
                throw new IllegalArgumentException(
                        ("the texts have the labels %s, but the classifier %s; give the texts its"
                                        + " labels (optLabels)")
                                .formatted(texts.labels(), classifier.labels()));
            }
        }
    }
}
