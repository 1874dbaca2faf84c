package org.djlgpt.generation;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.modality.nlp.generate.CausalLMOutput;
import ai.djl.ndarray.NDList;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorFactory;
import ai.djl.util.Pair;

import org.djlgpt.checkpoint.AdapterDirectory;
import org.djlgpt.decoder.StatelessDecoder;
import org.djlgpt.text.Tokenizer;

import java.io.IOException;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** Makes the translators of a {@link GptModelZoo}. */
final class GptTranslatorFactory implements TranslatorFactory {

    private static final Pair<Type, Type> TEXT = new Pair<>(String.class, String.class);
    private static final Pair<Type, Type> CAUSAL = new Pair<>(NDList.class, CausalLMOutput.class);

    private final Set<Integer> stopTokens;

    /**
     * Makes the factory.
     *
     * @param stopTokens the ids that end a text, besides the tokenizer's own
     */
    GptTranslatorFactory(Set<Integer> stopTokens) {
        this.stopTokens = stopTokens;
    }

    @Override
    public Set<Pair<Type, Type>> getSupportedTypes() {
        return Set.of(TEXT, CAUSAL);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <I, O> Translator<I, O> newInstance(
            Class<I> input, Class<O> output, Model model, Map<String, ?> given)
            throws TranslateException {
        Arguments arguments = new Arguments(given);
        if (CAUSAL.equals(new Pair<>(input, output))) {
            arguments.requireNoOthers();
            return (Translator<I, O>) new CausalTranslator();
        }
        return (Translator<I, O>) new TextTranslator(generator(model, arguments));
    }

    private TextGenerator generator(Model model, Arguments arguments) throws TranslateException {
        TextGenerator.Builder builder =
                TextGenerator.builder()
                        .setDecoder(((StatelessDecoder) model.getBlock()).decoder())
                        .setTokenizer(tokenizer(model))
                        .setManager(model.getNDManager())
                        .optStopTokens(stopTokens.toArray(Integer[]::new))
                        .optSampler(sampler(arguments));
        arguments.integer("maxNewTokens").ifPresent(builder::optMaxNewTokens);
        arguments.integer("seed").ifPresent(builder::optSeed);
        arguments
                .strings("stopStrings")
                .map(strings -> strings.toArray(String[]::new))
                .ifPresent(builder::optStopStrings);
        arguments.requireNoOthers();
        return builder.build();
    }

    private static Sampler sampler(Arguments arguments) {
        return Sampler.random()
                .minP(arguments.number("minP").orElse(0.0))
                .topP(arguments.number("topP").orElse(1.0))
                .topK(arguments.integer("topK").orElse(Integer.MAX_VALUE))
                .temperature(arguments.number("temperature").orElse(1.0))
                .repetitionPenalty(arguments.number("repetitionPenalty").orElse(1.0));
    }

    /** Reads the tokenizer of the folder; an adapter that has none takes its base's. */
    static Tokenizer tokenizer(Model model) throws TranslateException {
        try {
            Path folder = model.getModelPath();
            boolean isBare = AdapterDirectory.isAdapter(folder) && Tokenizer.find(folder).isEmpty();
            return Tokenizer.load(isBare ? AdapterDirectory.baseFolder(folder) : folder);
        } catch (IOException | MalformedModelException | IllegalArgumentException e) {
            throw new TranslateException(e.getMessage(), e);
        }
    }
}
