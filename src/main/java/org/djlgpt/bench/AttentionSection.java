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
import java.util.stream.LongStream;

/** Variants of attention: their times, beside the first one's, and their memory. */
final class AttentionSection {

    /** What holds a little, and what holds that and the arrays of a long sequence. */
    static final String BASE = "a few tokens";

    static final String ALL = "all tokens";

    private static final int HEADS = 12;
    private static final double MIB = 1 << 20;
    private static final long FEW = 16;
    private static final long[] LENGTHS = {1024, 2048, 4096, 8192};

    private AttentionSection() {}

    /** Attention alone. */
    static Section core(Effort effort) {
        Shape shape = new Shape(effort.pick(8, 2), HEADS, effort.pick(1024, 256), 64);
        AttentionCore plain = new AttentionCore(Operators.PLAIN, shape);
        AttentionCore fused = new AttentionCore(Operators.FLOAT32, shape);
        AttentionCore half = new AttentionCore(Operators.BFLOAT16, shape);
        String section = "attention";
        return table(
                "Attention from queries, keys and values, (B, heads, T, headDim) = " + shape,
                List.of(
                        row(section, "explicit *", effort, plain),
                        row(section, "explicit", effort, plain),
                        row(section, "fused float32", effort, fused),
                        row(section, "fused bfloat16", effort, half)));
    }

    /** Whole blocks, projections included, from (B, T, E) to the same. */
    static Section blocks(Effort effort) {
        Shape shape = new Shape(effort.pick(8, 2), effort.pick(1024, 256), 768);
        Block ours = multiHead(shape);
        Case.Workload djl = block(djl(shape), Operators.PLAIN, shape);
        Case.Workload wrapper = block(separateHeads(shape), Operators.FLOAT32, shape);
        Case.Workload plain = block(ours, Operators.PLAIN, shape);
        Case.Workload fused = block(ours, Operators.FLOAT32, shape);
        Case.Workload half = block(ours, Operators.BFLOAT16, shape);
        String section = "attention block";
        return table(
                "Attention blocks with 12 heads and projections, (B, T, E) = " + shape,
                List.of(
                        row(section, "MultiHeadAttention explicit *", effort, plain),
                        row(section, "DJL ScaledDotProductAttention *", effort, djl),
                        row(section, "MultiHeadAttentionWrapper", effort, wrapper),
                        row(section, "MultiHeadAttention float32", effort, fused),
                        row(section, "MultiHeadAttention bfloat16", effort, half)));
    }

    private static Case row(String section, String name, Effort effort, Case.Workload workload) {
        return new Case(section, name, effort.sampling(), workload);
    }

    private static Case.Workload block(Block attention, Operators operators, Shape shape) {
        return manager -> differentiable(attention, operators, shape, manager).phases();
    }

    private static Differentiable differentiable(
            Block attention, Operators operators, Shape shape, NDManager manager) {
        attention.initialize(manager, DataType.FLOAT32, shape);
        NDArray x = manager.randomNormal(shape);
        x.setRequiresGradient(true);
        NDList inputs = new NDList(x);
        if (attention instanceof ScaledDotProductAttentionBlock) {
            long tokens = shape.get(1);
            inputs.add(AttentionCore.mask(tokens, manager).reshape(1, 1, tokens, tokens));
        }
        List<NDArray> leaves = new ArrayList<>(List.of(x));
        attention.getParameters().values().stream().map(Parameter::getArray).forEach(leaves::add);
        ParameterStore store = new ParameterStore(manager, false);
        return new Differentiable(
                operators,
                training -> attention.forward(store, inputs, training).singletonOrThrow(),
                leaves,
                manager.randomNormal(shape));
    }

    private static Block multiHead(Shape shape) {
        return MultiHeadAttention.builder()
                .setInputDim((int) shape.get(2))
                .setOutputDim((int) shape.get(2))
                .setContextLength((int) shape.get(1))
                .setNumHeads(HEADS)
                .optQkvBias(true)
                .build();
    }

    private static Block separateHeads(Shape shape) {
        return MultiHeadAttentionWrapper.builder()
                .setInputDim((int) shape.get(2))
                .setOutputDim((int) shape.get(2) / HEADS)
                .setContextLength((int) shape.get(1))
                .setNumHeads(HEADS)
                .optQkvBias(true)
                .build();
    }

    private static Block djl(Shape shape) {
        return ScaledDotProductAttentionBlock.builder()
                .setEmbeddingSize((int) shape.get(2))
                .setHeadCount(HEADS)
                .optAttentionProbsDropoutProb(0)
                .build();
    }

    private static Section table(String title, List<Case> cases) {
        return new Section.Table(
                new TextTable(title, "forward ms", "ratio", "fwd+bwd ms", "ratio", "peak MiB"),
                cases,
                (row, report) -> {
                    Outcome first = report.of(cases.get(0));
                    Outcome outcome = report.of(row);
                    double forward = outcome.median(Differentiable.FORWARD);
                    double both = outcome.median(Differentiable.BOTH);
                    return List.of(
                            TextTable.number(forward, 1),
                            TextTable.times(first.median(Differentiable.FORWARD) / forward),
                            TextTable.number(both, 1),
                            TextTable.times(first.median(Differentiable.BOTH) / both),
                            TextTable.number(outcome.peakMebibytes(), 0));
                },
                "");
    }

    /** How the memory of fused attention grows with the length of the sequence. */
    static Section memory() {
        List<Case> cases = LongStream.of(LENGTHS).mapToObj(AttentionSection::memory).toList();
        return new Section.Table(
                new TextTable(
                        "Memory of fused attention, forward and backward, float32, (1, 12, T, 64)",
                        "MiB",
                        "growth",
                        "MiB of the weights (T, T) alone, if they were stored"),
                cases,
                (row, report) -> {
                    double tokens = LENGTHS[cases.indexOf(row)];
                    double taken = growth(report.of(row));
                    return List.of(
                            TextTable.number(taken, 0),
                            TextTable.times(taken / growth(report.of(cases.get(0)))),
                            TextTable.number(HEADS * Float.BYTES * tokens * tokens / MIB, 0));
                },
                "");
    }

    private static Case memory(long tokens) {
        return new Case(
                "attention memory",
                "T = " + tokens,
                Case.Sampling.once(),
                manager ->
                        List.of(
                                new Case.Phase(BASE, () -> attend(FEW, manager)),
                                new Case.Phase(ALL, () -> attend(tokens, manager))));
    }

    private static void attend(long tokens, NDManager manager) {
        Shape shape = new Shape(1, HEADS, tokens, 64);
        try (NDManager arrays = manager.newSubManager()) {
            new AttentionCore(Operators.FLOAT32, shape).differentiable(arrays).forwardAndBackward();
        }
    }

    private static double growth(Outcome outcome) {
        return outcome.peakMebibytes(ALL) - outcome.peakMebibytes(BASE);
    }
}
