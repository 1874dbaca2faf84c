package org.djlgpt.bench;

import java.util.List;
import java.util.stream.LongStream;

/** How the memory of fused attention grows with the length of the sequence. */
final class AttentionMemorySection implements Section.Table {

    private static final double MIB = 1 << 20;
    private static final long BYTES_PER_SQUARE = 12 * Float.BYTES; // 12 heads

    private final long[] lengths = {1024, 2048, 4096, 8192};

    @Override
    public List<Case> cases() {
        return LongStream.of(lengths).mapToObj(AttentionMemorySection::of).toList();
    }

    private static Case of(long tokens) {
        return new Case(
                "attention memory",
                "T = " + tokens,
                false,
                Sampling.once(),
                new AttentionMemory(tokens));
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
    public String[] cells(Case row, Results results) {
        long tokens = ((AttentionMemory) row.workload()).tokens();
        double taken = growth(results.of(row));
        return new String[] {
            TextTable.number(taken, 0),
            TextTable.times(taken / growth(results.of(of(lengths[0])))),
            TextTable.number(BYTES_PER_SQUARE * tokens * tokens / MIB, 0)
        };
    }

    private static double growth(Outcome outcome) {
        return outcome.peakMebibytes(AttentionMemory.ALL)
                - outcome.peakMebibytes(AttentionMemory.BASE);
    }
}
