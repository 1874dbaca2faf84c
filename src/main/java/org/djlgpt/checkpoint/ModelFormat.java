package org.djlgpt.checkpoint;

import ai.djl.ndarray.types.Shape;

import com.google.gson.JsonObject;

import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.GptTrunk;
import org.djlgpt.model.LlamaConfig.Relative;
import org.djlgpt.model.SequenceClassifier;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How a family of models lies in a Hugging Face folder: what its {@code config.json} says, and what
 * its tensors are called. Names of tensors are without the {@link #prefix}.
 */
interface ModelFormat {

    /** All formats; a new one is entered here. */
    List<ModelFormat> ALL =
            List.of(
                    new Gpt2Format(),
                    new LlamaFormat(Relative.LLAMA),
                    new LlamaFormat(Relative.MISTRAL),
                    new LlamaFormat(Relative.QWEN2),
                    new LlamaFormat(Relative.QWEN3));

    /** The output layer, where it has a weight of its own; it has no prefix. */
    String OUTPUT = "lm_head.weight";

    /** A classifier's head, which has no prefix either. */
    String SCORE = "score.weight";

    /** What the classes of transformers that read classifiers are called at the end. */
    String CLASSIFIER = "ForSequenceClassification";

    /**
     * Finds the format of a folder.
     *
     * @throws IllegalArgumentException if there is none for it
     */
    static ModelFormat of(ConfigFields fields) {
        String type = fields.string("model_type", "gpt2");
        return ALL.stream()
                .filter(format -> format.modelType().equals(type))
                .findFirst()
                .orElseThrow(
                        () ->
                                fields.malformed(
                                        "model_type is \"%s\", but only %s are supported",
                                        type,
                                        ALL.stream()
                                                .map(ModelFormat::modelType)
                                                .collect(Collectors.joining(", "))));
    }

    /** Finds the format that a model is stored in. */
    static ModelFormat of(GptConfig config) {
        return ALL.stream().filter(format -> format.stores(config)).findFirst().orElseThrow();
    }

    /** Returns what {@code model_type} says. */
    String modelType();

    /** Returns what the classes of transformers that read such folders are called in front. */
    String family();

    /** Returns the class of transformers that reads a model without a head of another kind. */
    String architecture();

    /** Returns the class of transformers that reads a model. */
    default String architecture(GptTrunk model) {
        return model instanceof SequenceClassifier ? family() + CLASSIFIER : architecture();
    }

    /** Returns whether models of a configuration are stored in this format. */
    boolean stores(GptConfig config);

    /**
     * Reads a configuration.
     *
     * @throws IllegalArgumentException if a field is malformed, or asks for what is not computed
     */
    GptConfig read(ConfigFields fields);

    /** Writes a configuration's own fields. */
    void write(GptConfig config, JsonObject json);

    /** Returns what stands before the names of all tensors but the head's, or of none. */
    String prefix();

    /** Lists the tensors of what is below the head, in the order in which transformers writes. */
    List<CheckpointTensor> trunk(GptTrunk model);

    /** Lists the tensors of a model. */
    default List<CheckpointTensor> tensors(GptTrunk model) {
        List<CheckpointTensor> tensors = new ArrayList<>(trunk(model));
        if (model instanceof SequenceClassifier classifier) {
            tensors.add(CheckpointTensor.plain(SCORE, classifier.score().weight()));
        } else if (model instanceof GptModel gpt && !model.config().tiedOutput()) {
            tensors.add(CheckpointTensor.plain(OUTPUT, gpt.outputWeight()));
        }
        return tensors;
    }

    /** Returns the token embedding's name. */
    String embedding();

    /** Returns tensors that a model lacks and a reader expects: zeros do no harm. */
    default Map<String, Shape> zeros(GptConfig config) {
        return Map.of();
    }

    /** Returns whether a tensor says nothing, as constants do that old files have. */
    default boolean isConstant(String name) {
        return false;
    }

    /** Returns a tensor's name in a file. */
    default String prefixed(String name) {
        return name.equals(OUTPUT) || name.equals(SCORE) ? name : prefix() + name;
    }
}
