package org.djlgpt.generation;

import ai.djl.Model;
import ai.djl.modality.Classifications;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorFactory;
import ai.djl.util.Pair;

import org.djlgpt.model.SequenceClassifier;

import java.lang.reflect.Type;
import java.util.Map;
import java.util.Set;

/** Makes the translator of a {@link GptModelZoo} of a classifier. */
final class ClassificationTranslatorFactory implements TranslatorFactory {

    @Override
    public Set<Pair<Type, Type>> getSupportedTypes() {
        return Set.of(new Pair<>(String.class, Classifications.class));
    }

    @Override
    @SuppressWarnings("unchecked")
    public <I, O> Translator<I, O> newInstance(
            Class<I> input, Class<O> output, Model model, Map<String, ?> given)
            throws TranslateException {
        new Arguments(given).requireNoOthers();
        return (Translator<I, O>)
                new ClassificationTranslator(
                        (SequenceClassifier) model.getBlock(),
                        GptTranslatorFactory.tokenizer(model));
    }
}
