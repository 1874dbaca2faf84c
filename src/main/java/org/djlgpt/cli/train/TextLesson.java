package org.djlgpt.cli.train;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TextGenerator;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.training.Baselines;
import org.djlgpt.training.Objective;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Text as tokens, whose next token is to be predicted.
 *
 * @param source where it comes from, for a person
 * @param remarks what else there is to say of it, line by line
 * @param tokenizer what made the tokens
 * @param tokens the tokens to train on
 * @param heldOut the tokens held out
 */
record TextLesson(
        String source, List<String> remarks, Tokenizer tokenizer, Tokens tokens, Tokens heldOut)
        implements Lesson {

    private static final int SAMPLE_TOKENS = 400;
    private static final int OPENING_TOKENS = 200;
    private static final Pattern WORD = Pattern.compile("(?<=\\s)[A-Za-z]{2,}(?=\\s)");

    /** Returns what there is to say of it. */
    List<String> description() {
        String text =
                String.format(
                        Locale.ROOT,
                        "Text     %s: %,d tokens to train on, %,d held out, vocabulary of %,d",
                        source,
                        tokens.size(),
                        heldOut.size(),
                        tokenizer.vocabSize());
        return Stream.concat(Stream.of(text), remarks.stream()).toList();
    }

    @Override
    public Material read(GptConfig size) {
        return new Material(
                windows("the text to train on", tokens, size, 1),
                windows("the text held out", heldOut, size, size.contextLength()),
                description());
    }

    private static TokenWindows windows(String part, Tokens tokens, GptConfig size, int stride) {
        if (tokens.size() <= size.contextLength()) {
            throw new IllegalArgumentException(
                    ("%s has %d tokens, fewer than the %d of one window (--context-length=%d and a"
                                    + " label); give a longer text or a smaller --context-length")
                            .formatted(
                                    part,
                                    tokens.size(),
                                    size.contextLength() + 1L,
                                    size.contextLength()));
        }
        return TokenWindows.builder()
                .setTokens(tokens)
                .setContextLength(size.contextLength())
                .optStride(stride)
                .build();
    }

    @Override
    public Objective objective(GptModel base) {
        return Objective.nextToken();
    }

    @Override
    public List<Yardstick> yardsticks(GptConfig size) {
        Baselines baselines = Baselines.of(tokens, size.vocabSize());
        return List.of(
                Yardstick.uniform(size.vocabSize()),
                new Yardstick(
                        "unigram",
                        baselines.unigram(),
                        "knowing how often each token comes (unigram)"));
    }

    @Override
    public void conclude(TrainingRun run, TrainingReport report, NDManager manager)
            throws IOException, MalformedModelException {
        report.losses("in nats per token", run, "on text that it has not seen");
        Sampler sampler = Sampler.random().topK(40).temperature(0.8);
        TextGenerator generator =
                TextGenerator.builder()
                        .setModel(run.best(manager))
                        .setTokenizer(tokenizer)
                        .setManager(manager)
                        .optSampler(sampler)
                        .optMaxNewTokens(SAMPLE_TOKENS)
                        .optSeed(run.seed())
                        .build();
        report.sample("temperature 0.8, top-k 40", opening());
        generator.generate(opening(), report::text);
        report.text(System.lineSeparator());
        report.files(run.folder(), "generate", "--prompt", opening());
    }

    /** Returns what a sample can start with: the first word held out, or else the first token. */
    String opening() {
        int[] first = new int[(int) Math.min(OPENING_TOKENS, heldOut.size())];
        heldOut.read(0, first);
        Matcher word = WORD.matcher(tokenizer.decode(first));
        return word.find() ? word.group() : tokenizer.decode(first[0]);
    }
}
