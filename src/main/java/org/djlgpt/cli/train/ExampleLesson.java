package org.djlgpt.cli.train;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.data.Split;
import org.djlgpt.data.TrainingSet;
import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TokenGenerator;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.training.Objective;
import org.djlgpt.tuning.ChatTemplate;
import org.djlgpt.tuning.Example;
import org.djlgpt.tuning.ExampleSet;
import org.djlgpt.tuning.ExampleSetBuilder;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Examples with answers, which are to be given where a prompt asks for them. */
final class ExampleLesson implements Lesson {

    private static final int SAMPLE_TOKENS = 200;

    private final HeldOut files;
    private final Tokenizer tokenizer;
    private final Optional<ChatTemplate> template;
    private final boolean isPacked;
    private final int numThreads;
    private ExampleSet heldOut; // once read

    /**
     * Prepares to read examples.
     *
     * @param isPacked whether rows hold several of them
     * @param numThreads how many threads encode them
     */
    ExampleLesson(
            HeldOut files,
            Tokenizer tokenizer,
            Optional<ChatTemplate> template,
            boolean isPacked,
            int numThreads) {
        this.files = files;
        this.tokenizer = tokenizer;
        this.template = template;
        this.isPacked = isPacked;
        this.numThreads = numThreads;
    }

    @Override
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public Optional<ChatTemplate> template() {
        return template;
    }

    @Override
    public Material read(GptConfig size) throws IOException {
        Split<ExampleSet> both = files.read(paths -> read(paths, size), ExampleSet::holdOut);
        ExampleSet training = both.training();
        heldOut = both.heldOut();
        TrainingSet rows = isPacked ? training.packed() : training;
        return new Material(
                rows, isPacked ? heldOut.packed() : heldOut, description(training, rows.size()));
    }

    private ExampleSet read(List<Path> paths, GptConfig size) throws IOException {
        ExampleSetBuilder builder =
                ExampleSet.builder()
                        .setTokenizer(tokenizer)
                        .setContextLength(size.contextLength())
                        .optTemplate(template.orElse(null))
                        .optThreads(numThreads);
        paths.forEach(builder::addFile);
        return builder.build();
    }

    private List<String> description(ExampleSet training, long rows) {
        List<String> lines = new ArrayList<>();
        lines.add(
                line(
                        "Examples %s: %,d to train on, %,d held out",
                        files.names(), training.size(), heldOut.size()));
        lines.add(
                line(
                        "%,d tokens in %,d rows, of which %,d are learned",
                        training.tokens(), rows, training.learnedTokens()));
        if (training.truncated() > 0) {
            lines.add(line("%,d are too long and lose their end", training.truncated()));
        }
        if (training.dropped() > 0) {
            lines.add(line("%,d are left out: prompts that fill the context", training.dropped()));
        }
        return lines;
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    @Override
    public Objective objective(GptModel base) {
        return Objective.nextToken();
    }

    @Override
    public List<Yardstick> yardsticks(GptConfig size) {
        return List.of(Yardstick.uniform(size.vocabSize()));
    }

    @Override
    public void conclude(TrainingRun run, TrainingReport report, NDManager manager)
            throws IOException, MalformedModelException {
        report.losses("in nats per token of the answers", run, "on examples that it has not seen");
        Example first = heldOut.get(0);
        int[] prompt = prompt(first);
        TokenGenerator generator = new TokenGenerator(run.best(manager), manager, Sampler.greedy());
        IntPredicate isEnd = ends(first);
        int[] answer = generator.generate(prompt, SAMPLE_TOKENS, token -> !isEnd.test(token));
        report.sample(
                "the most likely answer to the first example held out", tokenizer.decode(prompt));
        int[] text = IntStream.of(answer).filter(isEnd.negate()).toArray();
        report.text(tokenizer.decode(text) + System.lineSeparator());
        report.files(run.folder(), "generate", "--interactive");
    }

    /** Returns which tokens end an answer: the end of text, or what ended that of the example. */
    private IntPredicate ends(Example example) {
        int last = example.ids()[example.length() - 1];
        int endOfText = tokenizer.endOfText().orElse(last);
        return token -> token == last || token == endOfText;
    }

    private static int[] prompt(Example example) {
        int length = 1;
        while (!example.isLearned(length)) {
            length++;
        }
        return Arrays.copyOf(example.ids(), length);
    }
}
