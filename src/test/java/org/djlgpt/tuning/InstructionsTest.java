package org.djlgpt.tuning;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.data.Split;
import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TextGenerator;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.training.TrainingLoop;
import org.djlgpt.training.TrainingPlan;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

/**
 * A model learns to follow instructions: to write three letters in capitals, or backwards. The
 * short form of {@code org.djlgpt.examples.FollowInstructions}.
 */
class InstructionsTest {

    private static final int COUNT = 1200;
    private static final int UNSEEN = 100;
    private static final String END = "\n";

    /** An instruction, of which no two are the same, and what is right. */
    private record Exercise(String prompt, String answer) {}

    private static List<Exercise> exercises() {
        Random random = new Random(1);
        Set<Exercise> exercises = new LinkedHashSet<>();
        while (exercises.size() < COUNT) {
            StringBuilder word = new StringBuilder();
            for (int i = 0; i < 3; i++) {
                word.append((char) random.nextInt('a', 'k'));
            }
            exercises.add(
                    random.nextBoolean()
                            ? new Exercise(
                                    "u" + word + "=", word.toString().toUpperCase(Locale.ROOT))
                            : new Exercise("r" + word + "=", word.reverse().toString()));
        }
        return List.copyOf(exercises);
    }

    @Test
    void aModelAnswersWhatItHasNotSeen() throws IOException {
        List<Exercise> all = exercises();
        CharTokenizer tokenizer = CharTokenizer.fromText("abcdefghijurABCDEFGHIJ=" + END);
        List<Example> examples = new ArrayList<>();
        for (Exercise exercise : all) {
            examples.add(
                    Example.builder()
                            .addPrompt(tokenizer.encode(exercise.prompt))
                            .addAnswer(tokenizer.encode(exercise.answer + END))
                            .build());
        }
        ExampleSet set = ExampleSet.builder().setContextLength(64).addExamples(examples).build();
        Split<ExampleSet> split = set.holdOut((double) UNSEEN / COUNT);
        try (NDManager manager = ComputeDevice.newManager()) {
            GptModel model =
                    new GptModel(
                            LlamaConfig.builder()
                                    .setVocabSize(tokenizer.vocabSize())
                                    .setContextLength(64)
                                    .setEmbeddingDim(64)
                                    .setNumHeads(4)
                                    .setNumLayers(2)
                                    .build());
            Engine.getInstance().setRandomSeed(1);
            model.initialize(manager, DataType.FLOAT32, new Shape(1, 64));
            TrainingLoop.builder()
                    .setModel(model)
                    .setManager(manager)
                    .setData(split.training().packed(), split.heldOut())
                    .optPlan(
                            TrainingPlan.builder()
                                    .optSteps(200)
                                    .optWorkers(2)
                                    .optBatchSize(8)
                                    .optLearningRate(5e-3)
                                    .build())
                    .build()
                    .run();

            double right = right(model, tokenizer, all.subList(COUNT - UNSEEN, COUNT), manager);

            assertTrue(right >= 0.9, () -> right + " are right");
        }
    }

    private static double right(
            GptModel model, CharTokenizer tokenizer, List<Exercise> unseen, NDManager manager) {
        TextGenerator writer =
                TextGenerator.builder()
                        .setModel(model)
                        .setTokenizer(tokenizer)
                        .setManager(manager)
                        .optSampler(Sampler.greedy())
                        .optMaxNewTokens(8)
                        .optStopStrings(END)
                        .build();
        List<String> answers = writer.generate(unseen.stream().map(Exercise::prompt).toList());
        int right = 0;
        for (int i = 0; i < unseen.size(); i++) {
            right += answers.get(i).equals(unseen.get(i).answer) ? 1 : 0;
        }
        return (double) right / unseen.size();
    }
}
