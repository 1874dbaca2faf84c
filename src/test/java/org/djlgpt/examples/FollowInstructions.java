package org.djlgpt.examples;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.*;

import org.djlgpt.generation.*;
import org.djlgpt.model.*;
import org.djlgpt.text.*;
import org.djlgpt.training.*;
import org.djlgpt.tuning.*;

import java.util.*;
import java.util.stream.*;

/** A GPT of a million parameters learns what instructions in Alpaca's format ask for. */
public final class FollowInstructions {
    static List<Message> task(Random random) {
        IntStream letters = random.ints(random.nextInt(2, 6), 'a', 'z' + 1);
        String word = letters.mapToObj(Character::toString).collect(Collectors.joining());
        int[] sum = random.ints(2, 10, 100).toArray();
        return switch (random.nextInt(3)) {
            case 0 -> task("upper", word, word.toUpperCase(Locale.ROOT));
            case 1 -> task("reverse", word, new StringBuilder(word).reverse().toString());
            default -> task("add", sum[0] + " " + sum[1], Integer.toString(sum[0] + sum[1]));
        };
    }

    static List<Message> task(String what, String with, String is) {
        return List.of(Message.system(""), Message.instruction(what, with), Message.assistant(is));
    }

    public static void main(String... arguments) throws Exception {
        NDManager manager = NDManager.newBaseManager();
        ChatTemplate alpaca = ChatTemplate.alpaca();
        Random random = new Random(1);
        var tasks = Stream.generate(() -> task(random)).distinct().limit(15_300).toList();
        String words = alpaca.render(task("upper reverse add", " ", " "), true);
        var pairs = BytePairTrainer.builder().setCorpus(new Corpus(List.of(words)));
        Tokenizer tokenizer = pairs.setVocabSize(400).optMinFrequency(1).build().train();
        ExampleSetBuilder examples = ExampleSet.builder().setTokenizer(tokenizer);
        tasks.forEach(examples.setContextLength(64).optTemplate(alpaca)::addConversation);
        var data = examples.build().holdOut(300.0 / tasks.size());
        LlamaConfig.Builder size = LlamaConfig.builder().setVocabSize(tokenizer.vocabSize());
        size.setContextLength(64).setEmbeddingDim(128).setNumHeads(4).setNumLayers(5);
        GptModel model = new GptModel(size.build());
        model.initialize(manager, DataType.FLOAT32, new Shape(1, 64));
        TrainingPlan.Builder plan = TrainingPlan.builder().optBatchSize(64).optLearningRate(2e-3);
        plan.optSteps(arguments.length == 0 ? 2300 : Integer.parseInt(arguments[0])).optWorkers(2);
        TrainingLoop.Builder loop = TrainingLoop.builder().setModel(model).setManager(manager);
        loop.setData(data.training(), data.heldOut()).optPlan(plan.build()).build().run();
        TextGenerator.Builder writer = TextGenerator.builder().setModel(model).setManager(manager);
        writer.setTokenizer(tokenizer).optSampler(Sampler.greedy()).optMaxNewTokens(12);
        var unseen = tasks.subList(15_000, 15_300);
        var asked = unseen.stream().map(task -> alpaca.render(task.subList(0, 2), true)).toList();
        var said = writer.build().generate(asked);
        var due = unseen.stream().map(task -> task.get(2).content()).toList();
        long right = IntStream.range(0, 300).filter(i -> said.get(i).equals(due.get(i))).count();
        System.out.printf("right: %.3f of 300 unseen%n", right / 300.0);
    }
}
