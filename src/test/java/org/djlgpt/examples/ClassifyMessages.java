package org.djlgpt.examples;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.*;

import org.djlgpt.data.*;
import org.djlgpt.model.*;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.training.*;
import org.djlgpt.tuning.*;

import java.util.*;
import java.util.stream.*;

/** A small GPT learns to write messages; then its last block learns to tell which are spam. */
public final class ClassifyMessages {
    static LabelledText message(Random random) {
        boolean spam = random.nextBoolean();
        Stream<String> ham = Stream.of("are you %s at %d?", "free %s, call at %d", "won %s by %d");
        Stream<String> bad = Stream.of("call %s: %d, free!", "you won %s: %d", "free %s, only %d");
        String text = (spam ? bad : ham).skip(random.nextInt(3)).findFirst().orElseThrow();
        String word = List.of("today", "at home", "again").get(random.nextInt(3));
        return new LabelledText(text.formatted(word, random.nextInt(900)), spam ? "spam" : "ham");
    }

    static TrainingLoop.Builder train(GptTrunk model, NDManager manager, int steps) {
        TrainingPlan.Builder plan = TrainingPlan.builder().optSteps(steps).optEvalEvery(steps);
        plan.optWarmupSteps(steps / 10).optLearningRate(3e-3).optEvalBatches(1);
        return TrainingLoop.builder().setModel(model).setManager(manager).optPlan(plan.build());
    }

    public static void main(String... arguments) throws Exception {
        int steps = arguments.length == 0 ? 300 : Integer.parseInt(arguments[0]);
        NDManager manager = NDManager.newBaseManager();
        Random random = new Random(1);
        List<LabelledText> messages = Stream.generate(() -> message(random)).limit(900).toList();
        String text = messages.stream().map(m -> m.text() + "\n").collect(Collectors.joining());
        CharTokenizer tokenizer = CharTokenizer.fromText(text);
        Gpt2Config.Builder size = Gpt2Config.builder().setVocabSize(tokenizer.vocabSize());
        size.setContextLength(24).setEmbeddingDim(32).setNumHeads(4).setNumLayers(3);
        GptModel base = new GptModel(size.build());
        base.initialize(manager, DataType.FLOAT32, new Shape(1, 24));
        TokenWindows.Builder windows = TokenWindows.builder().setContextLength(24);
        TrainingSet unlabelled = windows.setTokens(Tokens.of(tokenizer.encode(text))).build();
        train(base, manager, steps).setData(unlabelled, unlabelled).build().run();

        LabelledTextsBuilder few = LabelledTexts.builder().setTexts(messages.subList(0, 450));
        few.setTokenizer(tokenizer).setContextLength(24).setPadTokenId(0);
        var data = few.build().holdOut(1.0 / 3, 1);
        List<String> labels = data.training().labels();
        SequenceClassifier classifier = SequenceClassifier.on(base, labels, 0, manager);
        classifier.freezeEmbeddings();
        classifier.freezeBlocks(0, 2); // the last block, the final norm and the head are trained
        TrainingLoop.Builder loop = train(classifier, manager, steps);
        loop.setData(data.training(), data.heldOut()).optObjective(Objective.classification());
        loop.build().run();
        System.out.println(ClassificationReport.of(classifier, data.heldOut(), manager, 50));
        manager.close();
    }
}
