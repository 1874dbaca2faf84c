package org.djlgpt.generation;

import ai.djl.modality.Classifications;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;

import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.tuning.LabelledTexts;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * Lets a DJL {@link ai.djl.inference.Predictor} label texts; several at once go through the model
 * together, padded on the right, if it has a padding id. {@link GptModelZoo} makes it from a
 * folder.
 *
 * <p>A text is encoded as it stands, and one that is longer than the context is cut at its end, as
 * in {@link LabelledTexts}. A blank one, or one that the tokenizer can't encode, is refused: the
 * reason arrives as the cause of a {@link ai.djl.translate.TranslateException}. Any number of
 * predictors and threads may share a translator.
 */
public final class ClassificationTranslator implements Translator<String, Classifications> {

    private final Tokenizer tokenizer;
    private final List<String> labels;
    private final OptionalInt padTokenId;
    private final int contextLength;

    /**
     * Makes a translator.
     *
     * @param classifier says what labels there are, and what it takes
     * @param tokenizer makes its token ids
     */
    public ClassificationTranslator(SequenceClassifier classifier, Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        labels = classifier.labels();
        padTokenId = classifier.padTokenId();
        contextLength = classifier.config().contextLength();
    }

    @Override
    public NDList processInput(TranslatorContext context, String text) {
        return batchProcessInput(context, List.of(text));
    }

    @Override
    public NDList batchProcessInput(TranslatorContext context, List<String> texts) {
        List<int[]> rows = texts.stream().map(this::encode).toList();
        if (rows.size() > 1 && padTokenId.isEmpty()) {
            throw new IllegalArgumentException(
                    ("%d texts together need a padding id, which the classifier does not have; set"
                                    + " pad_token_id in its config.json, or give one at a time")
                            .formatted(rows.size()));
        }
        return new NDList(
                LabelledTexts.padded(rows, padTokenId.orElse(0), context.getNDManager())); // (B, T)
    }

    private int[] encode(String text) {
        int[] ids = text.isBlank() ? new int[0] : tokenizer.encode(text);
        if (ids.length == 0) {
            throw new IllegalArgumentException("the text is empty; give at least one word");
        }
        return ids.length > contextLength ? Arrays.copyOf(ids, contextLength) : ids;
    }

    @Override
    public Classifications processOutput(TranslatorContext context, NDList logits) {
        return batchProcessOutput(context, logits).get(0);
    }

    @Override
    public List<Classifications> batchProcessOutput(TranslatorContext context, NDList logits) {
        NDArray probabilities = logits.singletonOrThrow().softmax(1); // (B, labels)
        List<Classifications> all = new ArrayList<>();
        for (long row = 0; row < probabilities.getShape().get(0); row++) {
            all.add(new Classifications(labels, probabilities.get(row)));
        }
        return all;
    }
}
