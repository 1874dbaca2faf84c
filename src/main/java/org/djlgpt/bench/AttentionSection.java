package org.djlgpt.bench;

import ai.djl.ndarray.types.Shape;

import java.util.List;

/**
 * Variants of attention: their times, beside the first one's, and their memory.
 *
 * @param title the line above the table
 * @param cases the variants; the first is what the others are compared with
 */
record AttentionSection(String title, List<Case> cases) implements Section.Table {

    /** Attention alone. */
    static AttentionSection core(Effort effort) {
        Shape shape = new Shape(effort.pick(8, 2), 12, effort.pick(1024, 256), 64);
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
        AttentionBlock plain = AttentionBlock.multiHead(Operators.PLAIN, shape);
        AttentionBlock djl = AttentionBlock.djl(shape);
        AttentionBlock wrapper = AttentionBlock.separateHeads(shape);
        AttentionBlock fused = AttentionBlock.multiHead(Operators.FLOAT32, shape);
        AttentionBlock half = AttentionBlock.multiHead(Operators.BFLOAT16, shape);
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
    public String[] cells(Case row, Results results) {
        Outcome first = results.of(cases.get(0));
        Outcome outcome = results.of(row);
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
}
