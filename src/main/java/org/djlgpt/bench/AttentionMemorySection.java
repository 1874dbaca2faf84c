package org.djlgpt.bench;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import java.util.List;
import java.util.stream.LongStream;

/** How the memory of fused attention grows with the length of the sequence. */
final class AttentionMemorySection implements Section.Table {

    static final String BASE = "a few tokens";
    static final String ALL = "all tokens";

    private static final long FEW = 16;
    private static final double MIB = 1 << 20;
    private static final long BYTES_PER_SQUARE = 12 * Float.BYTES; // 12 heads

    private final long[] lengths = {1024, 2048, 4096, 8192};
    private final List<Case> cases =
            LongStream.of(lengths).mapToObj(AttentionMemorySection::of).toList();

    @Override
    public List<Case> cases() {
        return cases;
    }

    private static Case of(long tokens) {
        return new Case(
                "attention memory",
                "T = " + tokens,
                false,
                Sampling.once(),
                manager ->
                        List.of(
                                new Case.Phase(BASE, () -> run(FEW, manager)),
                                new Case.Phase(ALL, () -> run(tokens, manager))));
    }

    private static void run(long tokens, NDManager manager) {
        Shape shape = new Shape(1, 12, tokens, 64);
        try (NDManager arrays = manager.newSubManager()) {
            new AttentionCore(Operators.FLOAT32, shape).differentiable(arrays).forwardAndBackward();
        }
    }

    @Override
    public TextTable table() {
        return new TextTable(
                "Memory of fused attention, forward and backward, float32, (1, 12, T, 64)",
                "MiB",
                "growth",
                "MiB of the weights (T, T) alone, if they were stored");
    }

    @Override
    public String[] cells(Case row, BenchmarkReport report) {
        long tokens = lengths[cases.indexOf(row)];
        double taken = growth(report.of(row));
        return new String[] {
            TextTable.number(taken, 0),
            TextTable.times(taken / growth(report.of(cases.get(0)))),
            TextTable.number(BYTES_PER_SQUARE * tokens * tokens / MIB, 0)
        };
    }

    /** What a process takes beyond what it holds after the same on a few tokens. */
    private static double growth(Outcome outcome) {
        return outcome.peakMebibytes(ALL) - outcome.peakMebibytes(BASE);
    }
}
