package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;

import org.djlgpt.decoder.GptCache;
import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.KernelChoice;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.model.GptModel;
import org.djlgpt.torch.Recording;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Writing text: the next token and the prompt before it, in every precision. One sequence is
 * compared with writing without a cache, or with another model by what a parameter costs.
 */
final class GenerationSection {

    private static final String NOTES =
"""
  early, late: a step after few tokens and after the prompt; tokens/s and ratio are late.
  of read: the bytes of all weights over the time of an early step.
  of product: 2 * weights of the layers * tokens of the prompt.
""";

    private static final double MILLISECONDS = 1e3;
    private static final int BATCH = 8;

    private GenerationSection() {}

    static Section.Table gpt2(Effort effort, MachineSection machine) {
        Writing job = job(effort, MeasuredModel.gpt2());
        List<Case> cases = new ArrayList<>();
        cases.add(new Case("generation", "no cache *", effort.sampling(), job.withoutCache()));
        cases.addAll(rows("generation", "", job, effort));
        cases.addAll(rows("generation", " x " + BATCH, job.sideBySide(BATCH), effort));
        List<Case> references = cases.stream().map(row -> cases.get(0)).toList();
        return table(job, cases, references, machine, NOTES);
    }

    /** A Llama beside GPT-2's rows of one sequence. */
    static Section llama(Effort effort, MachineSection machine, Section gpt2) {
        Writing job = job(effort, MeasuredModel.llama());
        List<Case> cases = rows("Llama generation", "", job, effort);
        List<Case> references = gpt2.cases().subList(1, 1 + cases.size());
        return table(job, cases, references, machine, NOTES + TrainingSection.PER_PARAMETER);
    }

    private static Writing job(Effort effort, MeasuredModel model) {
        return new Writing(model, WeightPrecision.FP32, 1, (int) effort.pick(512, 64), true);
    }

    private static List<Case> rows(String section, String suffix, Writing job, Effort effort) {
        Case.Sampling sampling = effort.sampling();
        Map<String, WeightPrecision> precisions = new LinkedHashMap<>();
        precisions.put("float32", WeightPrecision.FP32);
        precisions.put("bfloat16", WeightPrecision.BF16);
        precisions.put("float16", WeightPrecision.FP16);
        precisions.put("int8", WeightPrecision.INT8);
        precisions.put("int4", WeightPrecision.INT4);
        return precisions.entrySet().stream()
                .map(
                        row ->
                                new Case(
                                        section,
                                        row.getKey() + suffix,
                                        sampling,
                                        job.in(row.getValue())))
                .toList();
    }

    private static Section.Table table(
            Writing job,
            List<Case> cases,
            List<Case> references,
            MachineSection machine,
            String notes) {
        String title =
                "Writing with %s: a token after %d others, and after a prompt of %d tokens"
                        .formatted(job.model().name(), Writing.OPENING, job.promptLength());
        TextTable layout =
                new TextTable(
                        title,
                        "early ms",
                        "of read",
                        "late ms",
                        "tokens/s",
                        "ratio",
                        "prompt ms",
                        "of product",
                        "peak MiB");
        Section.Figures figures =
                (row, report) -> figures(row, references.get(cases.indexOf(row)), report, machine);
        return new Section.Table(layout, cases, figures, notes);
    }

    private static List<String> figures(
            Case row, Case reference, BenchmarkReport report, MachineSection machine) {
        Writing job = (Writing) row.workload();
        Outcome outcome = report.of(row);
        MachineSection.Limits limits = machine.limits(report);
        double early = outcome.median(Writing.EARLY);
        double late = outcome.median(Writing.TOKEN);
        double prompt = outcome.median(Writing.PROMPT);
        double alone = report.of(reference).median(Writing.TOKEN);
        double others = ((Writing) reference.workload()).model().usedWeights();
        double size = job.model().usedWeights() / others;
        double read = job.weightBytes() * MILLISECONDS / early;
        double products = job.promptProducts() * MILLISECONDS / prompt;
        return List.of(
                TextTable.number(early, 2),
                TextTable.percent(read / limits.read()),
                TextTable.number(late, 2),
                TextTable.number(job.sequences() * MILLISECONDS / late, 1),
                TextTable.times(size * job.sequences() * alone / late),
                TextTable.number(prompt, 0),
                TextTable.percent(products / job.productLimit(limits)),
                TextTable.number(outcome.peakMebibytes(), 0));
    }

    /**
     * A decoder at work: reading a prompt, and single tokens with few or all of the prompt in the
     * cache.
     *
     * @param model what writes
     * @param precision what the weights are kept in
     * @param sequences how many are written side by side
     * @param promptLength the tokens before the one that is measured
     * @param cached whether it decodes; else each token takes a forward pass of the model
     */
    record Writing(
            MeasuredModel model,
            WeightPrecision precision,
            int sequences,
            int promptLength,
            boolean cached)
            implements Case.Workload {

        static final String PROMPT = "prompt";
        static final String EARLY = "early token";
        static final String TOKEN = "token";

        /** The tokens before an early one. */
        static final int OPENING = 16;

        Writing in(WeightPrecision other) {
            return new Writing(model, other, sequences, promptLength, cached);
        }

        Writing sideBySide(int count) {
            return new Writing(model, precision, count, promptLength, cached);
        }

        Writing withoutCache() {
            return new Writing(model, precision, sequences, promptLength, false);
        }

        /** Returns the bytes of weights that have to be read for a token, whatever is computed. */
        double weightBytes() {
            return switch (precision) {
                case FP32 -> 4.0 * model.usedWeights();
                case BF16, FP16 -> 2.0 * model.usedWeights();
                case INT8 -> model.usedWeights();
                case INT4 -> model.usedWeights() - (1 - 5.0 / 8) * model.layerWeights();
            };
        }

        /** Returns the operations of matrix products with weights that a prompt takes. */
        double promptProducts() {
            return 2.0 * sequences * promptLength * model.layerWeights();
        }

        /** Returns the operations that the machine can do a second in what products compute in. */
        double productLimit(MachineSection.Limits limits) {
            boolean wide = precision == WeightPrecision.FP32 || Double.isNaN(limits.bfloat16());
            return wide ? limits.float32() : limits.bfloat16();
        }

        @Override
        public List<Case.Phase> prepare(NDManager manager) {
            if (!cached) {
                return List.of(new Case.Phase(TOKEN, forward(manager)));
            }
            GptDecoder decoder = decoder(manager);
            GptCache cache = decoder.newCache(manager, sequences);
            NDArray prompt = tokens(promptLength, manager);
            NDArray token = tokens(1, manager);
            return List.of(
                    new Case.Phase(PROMPT, () -> after(0, prompt, decoder, cache)),
                    new Case.Phase(TOKEN, () -> after(promptLength, token, decoder, cache)),
                    new Case.Phase(EARLY, () -> after(OPENING, token, decoder, cache)));
        }

        @Override
        public String remark(NDManager manager) {
            return cached && precision != WeightPrecision.FP32
                    ? KernelChoice.of(model.config(), precision, manager).toString()
                    : "";
        }

        /** The next token by a forward pass over everything before it. */
        private Runnable forward(NDManager manager) {
            GptModel block = model.create(manager);
            NDArray tokens = tokens(promptLength + 1, manager);
            return () -> {
                try (Recording off = Recording.off();
                        NDManager step = manager.newSubManager()) {
                    ParameterStore store = new ParameterStore(step, false);
                    block.forward(store, new NDList(tokens), false).close();
                }
            };
        }

        private static void after(int length, NDArray tokens, GptDecoder decoder, GptCache cache) {
            cache.truncate(length);
            decoder.next(tokens, cache).close();
        }

        private GptDecoder decoder(NDManager manager) {
            if (precision == WeightPrecision.FP32) {
                return new GptDecoder(model.create(manager), precision, manager);
            }
            try (NDManager loading = manager.newSubManager()) {
                return new GptDecoder(model.create(loading), precision, manager);
            }
        }

        private NDArray tokens(int length, NDManager manager) {
            return model.tokens(new Random(0), sequences, length, manager);
        }
    }
}
