package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.decoder.GptCache;
import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.generation.Decoding;
import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TokenGenerator;

import java.util.List;

/** What does not depend on sizes, of a training step and of a token. */
final class OverheadSection {

    private static final String LIBTORCH = "libtorch alone";

    private static final String REST =
            "  %s: the operators of the float32 step in two calls; the rest is Java and between.\n"
                    .formatted(LIBTORCH);

    private OverheadSection() {}

    static Section training(Effort effort) {
        Case.Sampling sampling = new Case.Sampling(50, 50, effort.sampling().seconds());
        MeasuredModel model = MeasuredModel.smallest(1, 16);
        Training float32 = new Training(model, 1, 16, Operators.FLOAT32);
        Training bfloat16 = float32.with(Operators.BFLOAT16);
        String title = "Fixed overhead: step of %s on 1 x 16 tokens".formatted(model.name());
        return new Section.Table(
                new TextTable(title, "ms/step", "peak MiB"),
                List.of(
                        new Case("fixed overhead", "float32", sampling, float32),
                        new Case("fixed overhead", "bfloat16", sampling, bfloat16),
                        new Case("fixed overhead", LIBTORCH, sampling, new ScriptedStep(model))),
                (row, report) ->
                        List.of(
                                TextTable.number(report.of(row).median(Training.STEP), 2),
                                TextTable.number(report.of(row).peakMebibytes(), 0)),
                REST);
    }

    static Section token(Effort effort) {
        Case.Sampling sampling = new Case.Sampling(100, 100, effort.sampling().seconds());
        MeasuredModel model = MeasuredModel.smallest(2, 1024);
        Token float32 = new Token(model, WeightPrecision.FP32);
        Token bfloat16 = new Token(model, WeightPrecision.BF16);
        Token float16 = new Token(model, WeightPrecision.FP16);
        Token int8 = new Token(model, WeightPrecision.INT8);
        Token int4 = new Token(model, WeightPrecision.INT4);
        String title = "Fixed overhead: writing a token with " + model.name();
        return new Section.Table(
                new TextTable(title, "ms/token", "in decoder", "around it"),
                List.of(
                        new Case("token overhead", "float32", sampling, float32),
                        new Case("token overhead", "bfloat16", sampling, bfloat16),
                        new Case("token overhead", "float16", sampling, float16),
                        new Case("token overhead", "int8", sampling, int8),
                        new Case("token overhead", "int4", sampling, int4)),
                (row, report) -> {
                    double token = report.of(row).median(Token.TOKEN);
                    double decoder = report.of(row).median(Token.DECODER);
                    return List.of(
                            TextTable.number(token, 3),
                            TextTable.number(decoder, 3),
                            TextTable.number(token - decoder, 3));
                },
                "");
    }

    /**
     * A token as it is generated, and the part of that which the decoder takes, nearly all of it in
     * native code.
     *
     * @param model what writes
     * @param precision what the weights are kept in
     */
    private record Token(MeasuredModel model, WeightPrecision precision) implements Case.Workload {

        static final String TOKEN = "token";
        static final String DECODER = "decoder";

        @Override
        public List<Case.Phase> prepare(NDManager manager) {
            GptDecoder decoder = new GptDecoder(model.create(manager), precision, manager);
            Decoding decoding =
                    new TokenGenerator(decoder, manager, Sampler.greedy()).start(new int[] {1});
            GptCache cache = decoder.newCache(manager, 1);
            NDArray token = manager.zeros(new Shape(1, 1), DataType.INT64);
            return List.of(
                    new Case.Phase(TOKEN, decoding::next),
                    new Case.Phase(DECODER, () -> decode(token, decoder, cache)));
        }

        private static void decode(NDArray token, GptDecoder decoder, GptCache cache) {
            if (cache.length() == cache.contextLength()) {
                cache.truncate(3 * cache.contextLength() / 4); // as Decoding does
            }
            decoder.next(token, cache).close();
        }
    }
}
