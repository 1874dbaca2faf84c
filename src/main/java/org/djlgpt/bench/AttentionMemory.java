package org.djlgpt.bench;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import java.util.List;

/**
 * Fused attention, forward and backward, for the memory that it takes beyond what the process holds
 * after the same on a few tokens.
 *
 * @param tokens the length T of the sequence
 */
record AttentionMemory(long tokens) implements Workload {

    static final String BASE = "a few tokens";
    static final String ALL = "all tokens";

    private static final long FEW = 16;

    @Override
    public List<Phase> prepare(NDManager manager) {
        return List.of(
                new Phase(BASE, () -> run(FEW, manager)),
                new Phase(ALL, () -> run(tokens, manager)));
    }

    private static void run(long tokens, NDManager manager) {
        Shape shape = new Shape(1, 12, tokens, 64);
        try (NDManager arrays = manager.newSubManager()) {
            new AttentionCore(Operators.FLOAT32, shape).differentiable(arrays).forwardAndBackward();
        }
    }
}
