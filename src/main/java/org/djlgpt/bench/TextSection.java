package org.djlgpt.bench;

import ai.djl.ndarray.NDManager;

import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.generation.Draft;
import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TextGenerator;
import org.djlgpt.generation.TextRequest;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Gpt2Tokenizer;
import org.djlgpt.text.Tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Writing whole texts: one that repeats itself, with guesses ahead and without, and many of
 * different lengths, in places that are taken as they get free and in batches that wait.
 */
final class TextSection {

    private static final String NOTES =
"""
  one: the default model's; random weights soon repeat themselves. With guesses of what follows.
  32: GPT-2 124M's in bfloat16, 8 at a time, of different lengths; each batch waits for its longest,
  or who waits takes the place of the first text that ends.
""";

    private static final int PLACES = 8;
    private static final int REQUESTS = 32;
    private static final int SHORTEST = 8;
    static final String TEXT = "whole text";

    private TextSection() {}

    static Section of(Effort effort) {
        Case.Sampling sampling = effort.sampling();
        Texts alone = Texts.one((int) effort.pick(2000, 500));
        Texts many = Texts.many((int) effort.pick(200, 32));
        List<Case> cases =
                List.of(
                        new Case("texts", "one text", sampling, alone),
                        new Case("texts", "one, guesses", sampling, alone.guessed()),
                        new Case("texts", "32 in batches", sampling, many.inBatches(PLACES)),
                        new Case("texts", "32 in places", sampling, many));
        TextTable layout =
                new TextTable("Writing whole texts", "tokens", "tokens/s", "ratio", "peak MiB");
        return new Section.Table(
                layout,
                cases,
                (row, report) -> figures(row, cases.get(cases.indexOf(row) / 2 * 2), report),
                NOTES);
    }

    private static List<String> figures(Case row, Case reference, BenchmarkReport report) {
        double milliseconds = report.of(row).median(TEXT);
        int tokens = ((Texts) row.workload()).tokens();
        return List.of(
                TextTable.number(tokens, 0),
                TextTable.number(1e3 * tokens / milliseconds, 1),
                TextTable.times(report.of(reference).median(TEXT) / milliseconds),
                TextTable.number(report.of(row).peakMebibytes(), 0));
    }

    /**
     * A generator at work.
     *
     * @param model what writes
     * @param precision what its weights are kept in
     * @param draft guesses ahead, or null
     * @param lengths the tokens of each text
     * @param batch how many texts are asked for at once; those behind wait for all of them
     */
    private record Texts(
            MeasuredModel model,
            WeightPrecision precision,
            Draft draft,
            List<Integer> lengths,
            int batch)
            implements Case.Workload {

        static Texts one(int length) {
            MeasuredModel model = MeasuredModel.ofTrainCommand();
            return new Texts(model, WeightPrecision.FP32, null, List.of(length), 1);
        }

        static Texts many(int longest) {
            List<Integer> lengths =
                    new Random(0)
                            .ints(REQUESTS, SHORTEST, longest + 1)
                            .boxed()
                            .collect(Collectors.toList());
            MeasuredModel model = MeasuredModel.gpt2();
            return new Texts(model, WeightPrecision.BF16, null, lengths, REQUESTS);
        }

        Texts guessed() {
            return new Texts(model, precision, Draft.promptLookup(), lengths, batch);
        }

        Texts inBatches(int size) {
            return new Texts(model, precision, draft, lengths, size);
        }

        int tokens() {
            return lengths.stream().mapToInt(Integer::intValue).sum();
        }

        @Override
        public List<Case.Phase> prepare(NDManager manager) {
            try (NDManager loading = manager.newSubManager()) {
                boolean own = precision == WeightPrecision.FP32;
                NDManager weights = own ? manager : loading;
                GptDecoder decoder = new GptDecoder(model.create(weights), precision, manager);
                TextGenerator generator =
                        TextGenerator.builder()
                                .setDecoder(decoder)
                                .setTokenizer(tokenizer())
                                .setManager(manager)
                                .optSampler(Sampler.greedy())
                                .optPlaces(PLACES)
                                .optDraft(draft)
                                .build();
                return List.of(new Case.Phase(TEXT, () -> write(generator)));
            }
        }

        /** One of as many tokens as the model knows, of which none ends a text early. */
        private Tokenizer tokenizer() {
            int words = model.config().vocabSize();
            Tokenizer gpt2 = new Gpt2Tokenizer();
            return words == gpt2.vocabSize() ? gpt2 : CharTokenizer.fromText(letters(words));
        }

        private static String letters(int count) {
            return IntStream.range('A', 'A' + count)
                    .mapToObj(Character::toString)
                    .collect(Collectors.joining());
        }

        private void write(TextGenerator generator) {
            List<TextRequest> requests = new ArrayList<>();
            for (int length : lengths) {
                requests.add(generator.request("A").optMaxNewTokens(length).build());
            }
            for (int from = 0; from < requests.size(); from += batch) {
                generator.answer(requests.subList(from, from + batch));
            }
        }
    }
}
