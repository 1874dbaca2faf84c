package org.djlgpt.generation;

import ai.djl.modality.nlp.generate.CausalLMOutput;
import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;

/**
 * Lets DJL's {@link ai.djl.modality.nlp.generate.TextGenerator} search with a model whose block is
 * a {@link org.djlgpt.decoder.StatelessDecoder}: it hands the input on and names the results.
 *
 * <pre>{@code
 * model.setBlock(new StatelessDecoder(decoder));
 * try (Predictor<NDList, CausalLMOutput> predictor = model.newPredictor(new CausalTranslator())) {
 *     NDArray ids = new TextGenerator(predictor, "beam", new SearchConfig()).generate(prompts);
 * }
 * }</pre>
 *
 * <p>That generator (as of DJL 0.36.0) keeps the keys and values of every step until the manager of
 * the prompts is closed, so give each search a manager of its own and mind the memory: it grows
 * with the square of the length.
 */
public final class CausalTranslator implements NoBatchifyTranslator<NDList, CausalLMOutput> {

    /** Makes the translator, which has no state. */
    public CausalTranslator() {}

    @Override
    public NDList processInput(TranslatorContext context, NDList input) {
        return input;
    }

    @Override
    public CausalLMOutput processOutput(TranslatorContext context, NDList results) {
        return new CausalLMOutput(results.get(0), results.get(1), results.subNDList(2));
    }
}
