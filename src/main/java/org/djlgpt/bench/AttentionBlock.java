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
import java.util.function.Supplier;

/**
 * A whole attention block, projections included, from (B, T, E) to the same.
 *
 * @param block makes the block
 * @param operators what it computes with, if it is the library's
 * @param shape (B, T, E)
 */
record AttentionBlock(Supplier<Block> block, Operators operators, Shape shape) implements Workload {

    private static final int HEADS = 12;

    static AttentionBlock multiHead(Operators operators, Shape shape) {
        return new AttentionBlock(() -> multiHead(shape), operators, shape);
    }

    static AttentionBlock separateHeads(Shape shape) {
        return new AttentionBlock(() -> separateHeads(shape, HEADS), Operators.FLOAT32, shape);
    }

    static AttentionBlock djl(Shape shape) {
        return new AttentionBlock(() -> djlBlock(shape), Operators.PLAIN, shape);
    }

    @Override
    public List<Phase> prepare(NDManager manager) {
        Block attention = block.get();
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
        attention.getParameters().values().stream().map(Parameter::getArray).forEach(leaves::add);
        ParameterStore store = new ParameterStore(manager, false);
        return new Differentiable(
                        training -> {
                            try (Operators.Scope scope = operators.use()) {
                                return attention
                                        .forward(store, inputs, training)
                                        .singletonOrThrow();
                            }
                        },
                        leaves,
                        manager.randomNormal(shape))
                .phases();
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

    private static Block separateHeads(Shape shape, int numHeads) {
        return MultiHeadAttentionWrapper.builder()
                .setInputDim((int) shape.get(2))
                .setOutputDim((int) shape.get(2) / numHeads)
                .setContextLength((int) shape.get(1))
                .setNumHeads(numHeads)
                .optQkvBias(true)
                .build();
    }

    private static Block djlBlock(Shape shape) {
        return ScaledDotProductAttentionBlock.builder()
                .setEmbeddingSize((int) shape.get(2))
                .setHeadCount(HEADS)
                .optAttentionProbsDropoutProb(0)
                .build();
    }
}
