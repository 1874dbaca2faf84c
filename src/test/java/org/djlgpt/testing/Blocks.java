package org.djlgpt.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

import org.djlgpt.torch.Recording;

import java.util.List;

/** What tests do with a block. */
public final class Blocks {

    private static final int SEED = 20;

    private Blocks() {}

    /** Draws a block's parameters, the same ones in each test. */
    public static <B extends Block> B initialized(
            B block, NDManager manager, DataType type, Shape input) {
        Engine.getInstance().setRandomSeed(SEED);
        block.initialize(manager, type, input);
        return block;
    }

    /** Draws a block's parameters in float32, the same ones in each test. */
    public static <B extends Block> B initialized(B block, NDManager manager, Shape input) {
        return initialized(block, manager, DataType.FLOAT32, input);
    }

    /** Replaces every parameter by normal numbers, so that no scale is 1 and no shift is 0. */
    public static void randomize(Block block, RandomArrays arrays) {
        for (Parameter parameter : parameters(block)) {
            NDArray value = parameter.getArray();
            set(value, arrays.normal(value.getDataType(), value.getShape()));
        }
    }

    /** Overwrites a parameter's value, or any other array. */
    public static void set(NDArray array, NDArray value) {
        assertEquals(array.getShape(), value.getShape());
        try (Recording off = Recording.off()) {
            array.set(new NDIndex("..."), value);
        }
    }

    public static NDArray infer(Block block, NDArray x) {
        return forward(block, x, false);
    }

    public static NDArray train(Block block, NDArray x) {
        return forward(block, x, true);
    }

    private static NDArray forward(Block block, NDArray x, boolean training) {
        ParameterStore store = new ParameterStore(x.getManager(), false);
        return block.forward(store, new NDList(x), training).singletonOrThrow();
    }

    public static List<Parameter> parameters(Block block) {
        return block.getParameters().values();
    }

    /** Finds the one parameter whose name ends so. */
    public static NDArray parameter(Block block, String suffix) {
        List<NDArray> found =
                block.getParameters().stream()
                        .filter(pair -> pair.getKey().endsWith(suffix))
                        .map(pair -> pair.getValue().getArray())
                        .toList();
        assertEquals(1, found.size(), () -> suffix + " among " + block.getParameters().keys());
        return found.get(0);
    }
}
