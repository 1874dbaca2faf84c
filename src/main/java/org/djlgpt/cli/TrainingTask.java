package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.text.TokenWindows;
import org.djlgpt.text.Tokens;
import org.djlgpt.training.Baselines;
import org.djlgpt.training.TrainingConfig;

import java.io.IOException;

/**
 * What {@code gpt train} trains on what.
 *
 * @param text the tokens and their tokenizer
 * @param training the windows to train on
 * @param validation the windows held out
 * @param baselines what models score that know nothing
 * @param model the model before the first step
 */
record TrainingTask(
        TrainingData text,
        TokenWindows training,
        TokenWindows validation,
        Baselines baselines,
        GptModel model) {

    /**
     * Makes the model for a text.
     *
     * @throws IllegalArgumentException if the text is too short or the memory too small
     */
    static TrainingTask of(
            TrainingData text, ModelOptions modelOptions, TrainingConfig config, NDManager manager)
            throws IOException, MalformedModelException {
        GptConfig size = modelOptions.config(text.tokenizer().vocabSize());
        TokenWindows training = windows("the text to train on", text.training(), size, 1);
        TokenWindows validation =
                windows("the text held out", text.validation(), size, size.contextLength());
        MemoryLimit.ofMachine()
                .requireTraining(size, Math.min(config.batchSize(), training.size()));
        return new TrainingTask(
                text,
                training,
                validation,
                Baselines.of(text.training(), size.vocabSize()),
                modelOptions.model(size, config.seed(), manager));
    }

    private static TokenWindows windows(String part, Tokens tokens, GptConfig size, int stride) {
        try {
            return TokenWindows.builder()
                    .setTokens(tokens)
                    .setContextLength(size.contextLength())
                    .optStride(stride)
                    .build();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(part + ": " + e.getMessage(), e);
        }
    }
}
