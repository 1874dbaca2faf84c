package org.djlgpt.soak;

import ai.djl.ndarray.NDManager;

import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TextGenerator;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.training.TrainingLoop;
import org.djlgpt.training.TrainingPlan;

import java.io.IOException;

/**
 * Trains and writes in turn, in twenty rounds, and prints what the process holds after the first
 * one, which is 5 % of the work, and after the last: {@code LongRun MODEL STEPS TOKENS}.
 */
final class LongRun {

    private static final int ROUNDS = 20;
    private static final String TEXT = "the quick brown fox jumps over the lazy dog;\n".repeat(60);

    private LongRun() {}

    public static void main(String[] arguments) throws IOException {
        int steps = Integer.parseInt(arguments[1]) / ROUNDS;
        int tokens = Integer.parseInt(arguments[2]) / ROUNDS;
        CharTokenizer tokenizer = CharTokenizer.fromText(TEXT);
        GptConfig size =
                arguments[0].equals("llama")
                        ? llama(tokenizer.vocabSize())
                        : TinyGpt.size(tokenizer.vocabSize(), 32)
                                .setEmbeddingDim(64)
                                .setNumLayers(2)
                                .optDropout(0.1f)
                                .build();
        try (NDManager manager = ComputeDevice.newManager()) {
            GptModel model = TinyGpt.model(size, 1, manager);
            for (int round = 1; round <= ROUNDS; round++) {
                train(model, Tokens.of(tokenizer.encode(TEXT)), steps, manager);
                write(model, tokenizer, tokens, manager);
                if (round == 1 || round == ROUNDS) {
                    Footprint now = Footprint.now(manager);
                    System.out.printf("%d %d %d%n", now.arrays(), now.threads(), now.kibibytes());
                }
            }
        }
    }

    private static LlamaConfig llama(int vocabSize) {
        return LlamaConfig.builder()
                .setVocabSize(vocabSize)
                .setContextLength(32)
                .setEmbeddingDim(64)
                .setNumHeads(4)
                .optNumKeyValueHeads(2)
                .setNumLayers(2)
                .optDropout(0.1f)
                .build();
    }

    private static void train(GptModel model, Tokens tokens, int steps, NDManager manager)
            throws IOException {
        TrainingLoop.builder()
                .setModel(model)
                .setManager(manager)
                .setData(windows(tokens), windows(tokens))
                .optPlan(
                        TrainingPlan.builder()
                                .optSteps(steps)
                                .optWarmupSteps(0)
                                .optBatchSize(4)
                                .optGradientAccumulation(2)
                                .optEvalEvery(steps)
                                .optEvalBatches(2)
                                .build())
                .build()
                .run();
    }

    private static void write(
            GptModel model, CharTokenizer tokenizer, int tokens, NDManager manager) {
        TextGenerator.builder()
                .setModel(model)
                .setTokenizer(tokenizer)
                .setManager(manager)
                .optSampler(Sampler.random().topP(0.9).topK(20).repetitionPenalty(1.1))
                .optMaxNewTokens(tokens)
                .build()
                .generate("the");
    }

    private static TokenWindows windows(Tokens tokens) {
        return TokenWindows.builder()
                .setTokens(tokens)
                .setContextLength(32)
                .optStride(3)
                .setSampling(1, false)
                .build();
    }
}
