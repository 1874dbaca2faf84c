package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import ai.djl.training.ParameterStore;

import org.djlgpt.attention.MultiHeadAttention;
import org.djlgpt.attention.MultiHeadAttentionWrapper;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Variants of attention: their times, beside the first one's, and their memory.
 *
 * @param title the line above the table
 * @param cases the variants; the first is what the others are compared with
 */
record AttentionSection(String title, List<Case> cases) implements Section.Table {

    private static final int HEADS = 12;

    /** Attention alone. */
    static AttentionSection core(Effort effort) {
        Shape shape = new Shape(effort.pick(8, 2), HEADS, effort.pick(1024, 256), 64);
        String section = "attention";
        Sampling sampling = effort.sampling();
        AttentionCore plain = new AttentionCore(Operators.PLAIN, shape);
        AttentionCore fused = new AttentionCore(Operators.FLOAT32, shape);
        AttentionCore half = new AttentionCore(Operators.BFLOAT16, shape);
        return new AttentionSection(
                "Attention from queries, keys and values, (B, heads, T, headDim) = " + shape,
                List.of(
                        new Case(section, "explicit *", true, sampling, plain),
                        new Case(section, "explicit", false, sampling, plain),
                        new Case(section, "fused float32", false, sampling, fused),
                        new Case(section, "fused bfloat16", false, sampling, half)));
    }

    /** Whole blocks. */
    static AttentionSection blocks(Effort effort) {
        Shape shape = new Shape(effort.pick(8, 2), effort.pick(1024, 256), 768);
        String section = "attention block";
        Sampling sampling = effort.sampling();
        Whole plain = new Whole(Whole::multiHead, Operators.PLAIN, shape);
        Whole djl = new Whole(Whole::djl, Operators.PLAIN, shape);
        Whole wrapper = new Whole(Whole::separateHeads, Operators.FLOAT32, shape);
        Whole fused = new Whole(Whole::multiHead, Operators.FLOAT32, shape);
        Whole half = new Whole(Whole::multiHead, Operators.BFLOAT16, shape);
        return new AttentionSection(
                "Attention blocks with 12 heads and projections, (B, T, E) = " + shape,
                List.of(
                        new Case(section, "MultiHeadAttention explicit *", true, sampling, plain),
                        new Case(section, "DJL ScaledDotProductAttention *", true, sampling, djl),
                        new Case(section, "MultiHeadAttentionWrapper", false, sampling, wrapper),
                        new Case(section, "MultiHeadAttention float32", false, sampling, fused),
                        new Case(section, "MultiHeadAttention bfloat16", false, sampling, half)));
    }

    @Override
    public TextTable table() {
        return new TextTable(title, "forward ms", "ratio", "fwd+bwd ms", "ratio", "peak MiB");
    }

    @Override
    public String[] cells(Case row, BenchmarkReport report) {
        Outcome first = report.of(cases.get(0));
        Outcome outcome = report.of(row);
        double forward = outcome.median(Differentiable.FORWARD);
        double both = outcome.median(Differentiable.BOTH);
        return new String[] {
            TextTable.number(forward, 1),
            TextTable.times(first.median(Differentiable.FORWARD) / forward),
            TextTable.number(both, 1),
            TextTable.times(first.median(Differentiable.BOTH) / both),
            TextTable.number(outcome.peakMebibytes(), 0)
        };
    }

    /**
     * A whole attention block, projections included, from (B, T, E) to the same.
     *
     * @param block makes the block
     * @param operators what it computes with, if it is the library's
     * @param shape (B, T, E)
     */
    private record Whole(Function<Shape, Block> block, Operators operators, Shape shape)
            implements Case.Workload {

        @Override
        public List<Case.Phase> prepare(NDManager manager) {
            Block attention = block.apply(shape);
            attention.initialize(manager, DataType.FLOAT32, shape);
            NDArray x = manager.randomNormal(shape);
            x.setRequiresGradient(true);
            NDList inputs = new NDList(x);
            if (attention instanceof ScaledDotProductAttentionBlock) {
                long tokens = shape.get(1);
                inputs.add(AttentionCore.mask(tokens, manager).reshape(1, 1, tokens, tokens));
            }
            List<NDArray> leaves = new ArrayList<>();
            leaves.add(x);
            attention.getParameters().values().stream()
                    .map(Parameter::getArray)
                    .forEach(leaves::add);
            ParameterStore store = new ParameterStore(manager, false);
            return new Differentiable(
                            operators,
                            training ->
                                    attention.forward(store, inputs, training).singletonOrThrow(),
                            leaves,
                            manager.randomNormal(shape))
                    .phases();
        }

        static Block multiHead(Shape shape) {
            return MultiHeadAttention.builder()
                    .setInputDim((int) shape.get(2))
                    .setOutputDim((int) shape.get(2))
                    .setContextLength((int) shape.get(1))
                    .setNumHeads(HEADS)
                    .optQkvBias(true)
                    .build();
        }

        static Block separateHeads(Shape shape) {
            return MultiHeadAttentionWrapper.builder()
                    .setInputDim((int) shape.get(2))
                    .setOutputDim((int) shape.get(2) / HEADS)
                    .setContextLength((int) shape.get(1))
                    .setNumHeads(HEADS)
                    .optQkvBias(true)
                    .build();
        }

        static Block djl(Shape shape) {
            return ScaledDotProductAttentionBlock.builder()
                    .setEmbeddingSize((int) shape.get(2))
                    .setHeadCount(HEADS)
                    .optAttentionProbsDropoutProb(0)
                    .build();
        }
    }
}
