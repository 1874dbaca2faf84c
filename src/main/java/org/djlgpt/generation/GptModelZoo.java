package org.djlgpt.generation;

import ai.djl.pytorch.engine.PtEngine;
import ai.djl.repository.zoo.ModelZoo;

import java.nio.file.Path;
import java.util.Set;

/**
 * The model in a Hugging Face directory, for DJL's {@code Criteria}.
 *
 * <pre>{@code
 * Criteria<String, String> criteria =
 *         Criteria.builder()
 *                 .setTypes(String.class, String.class)
 *                 .optModelZoo(new GptModelZoo(directory))
 *                 .optArgument("temperature", 0.8)
 *                 .build();
 * try (ZooModel<String, String> model = criteria.loadModel();
 *         Predictor<String, String> predictor = model.newPredictor()) {
 *     String text = predictor.predict("public class ");
 * }
 * }</pre>
 *
 * <p>It takes the place of {@code optModelPath}. Device, model name and an own translator are set
 * as for any model. The types are
 *
 * <ul>
 *   <li>{@code String} to {@code String}, a prompt to its continuation, see {@link TextTranslator}.
 *       The arguments are those of a {@link Sampler}, {@code temperature}, {@code topK}, {@code
 *       topP}, {@code minP} and {@code repetitionPenalty}, which are applied to the scores in the
 *       order penalty, temperature, top-k, top-p, min-p and change nothing by default, and those of
 *       a {@link TextGenerator}, {@code maxNewTokens}, {@code stopStrings} (one or a list) and
 *       {@code seed}. A text also ends where the folder says so, see {@link
 *       org.djlgpt.checkpoint.ModelDirectory#stopTokens};
 *   <li>{@code NDList} to {@code CausalLMOutput}, what DJL's own text generation searches with, see
 *       {@link CausalTranslator}. There are no arguments.
 * </ul>
 *
 * <p>The folder of a classifier, see {@link org.djlgpt.checkpoint.ClassifierDirectory}, has one
 * pair of types, {@code String} to {@code Classifications}, see {@link ClassificationTranslator},
 * and neither arguments nor options; its block is the {@link org.djlgpt.model.SequenceClassifier}.
 *
 * <p>The option {@code precision} is {@code fp32} by default, {@code bf16}, {@code fp16}, {@code
 * int8} or {@code int4}, see {@link org.djlgpt.decoder.WeightPrecision}. The block of the model is
 * a {@link org.djlgpt.decoder.StatelessDecoder}.
 *
 * <p>{@code loadModel} throws
 *
 * <ul>
 *   <li>{@link ai.djl.repository.zoo.ModelNotFoundException} if the folder is missing, holds no
 *       tokenizer where the types need one, or the types are others; DJL wraps the one that says
 *       why as its cause,
 *   <li>{@link java.io.IOException} if a file is missing or can't be read,
 *   <li>{@link ai.djl.MalformedModelException} if a file is malformed, or they contradict each
 *       other,
 *   <li>{@link IllegalArgumentException} if an argument or option is unknown or its value is bad.
 * </ul>
 */
public final class GptModelZoo extends ModelZoo {

    private static final String GROUP_ID = "org.djlgpt";

    /**
     * Makes a zoo of one model, which is read when criteria ask for it.
     *
     * @param directory a Hugging Face directory, as {@link org.djlgpt.checkpoint.ModelDirectory}
     *     reads it
     */
    public GptModelZoo(Path directory) {
        addModel(new GptModelLoader(GROUP_ID, directory.toAbsolutePath().normalize()));
    }

    @Override
    public String getGroupId() {
        return GROUP_ID;
    }

    @Override
    public Set<String> getSupportedEngines() {
        return Set.of(PtEngine.ENGINE_NAME);
    }
}
