package org.djlgpt.generation;

import ai.djl.ndarray.NDList;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;

import java.util.List;
import java.util.Objects;

/**
 * Lets a DJL {@link ai.djl.inference.Predictor} continue text; several prompts at once are written
 * side by side. {@link GptModelZoo} makes it from a folder.
 *
 * <p>A text takes a pass through the model for each token, where a predictor makes one: so the
 * generator makes them all, and the predictor gets an empty list, for which it leaves its block
 * out. Any number of predictors and threads may share a translator, as they may a {@link
 * TextGenerator}. What the generator refuses arrives as the cause of a {@link
 * ai.djl.translate.TranslateException}.
 */
public final class TextTranslator implements Translator<String, String> {

    private static final String PROMPTS = "prompts";

    private final TextGenerator generator;

    /**
     * Makes a translator.
     *
     * @param generator writes the texts
     */
    public TextTranslator(TextGenerator generator) {
        this.generator = Objects.requireNonNull(generator, "generator");
    }

    @Override
    public NDList processInput(TranslatorContext context, String prompt) {
        return batchProcessInput(context, List.of(prompt));
    }

    @Override
    public NDList batchProcessInput(TranslatorContext context, List<String> prompts) {
        context.setAttachment(PROMPTS, prompts);
        return new NDList();
    }

    @Override
    public String processOutput(TranslatorContext context, NDList nothing) {
        return batchProcessOutput(context, nothing).get(0);
    }

    @Override
    @SuppressWarnings("unchecked")
    public List<String> batchProcessOutput(TranslatorContext context, NDList nothing) {
        return generator.generate((List<String>) context.getAttachment(PROMPTS));
    }
}
