package org.djlgpt.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

import org.djlgpt.torch.BFloat16;

/**
 * One forward pass: where parameter values come from, whether the pass trains, and where its tokens
 * stand.
 *
 * @param parameters gives each parameter's value on the device of the input
 * @param training true in training, when dropout is active and gradients are recorded
 * @param positions where the tokens stand in their sequences
 */
public record Pass(ParameterStore parameters, boolean training, Positions positions) {

    /**
     * Makes a pass of rows that are a sequence each, from its beginning on.
     *
     * @param parameters gives each parameter's value on the device of the input
     * @param training true in training, when dropout is active and gradients are recorded
     */
    public Pass(ParameterStore parameters, boolean training) {
        this(parameters, training, Positions.from(0));
    }

    /**
     * Returns the same pass of tokens that stand elsewhere.
     *
     * @param others where they stand
     * @return the pass
     */
    public Pass at(Positions others) {
        return new Pass(parameters, training, others);
    }

    /**
     * Sends an array through blocks, one after the other.
     *
     * @param x the input of the first block
     * @param blocks blocks that each take one array and give one
     * @return the output of the last block
     */
    public NDArray through(NDArray x, Block... blocks) {
        NDArray y = x;
        for (Block block : blocks) {
            y = block instanceof TensorBlock own ? own.run(y, this) : foreign(block, y);
        }
        return y;
    }

    /**
     * Returns a parameter's value on the device of an array.
     *
     * @param parameter the parameter
     * @param like the array whose device the value must share
     * @return the value; the parameter store owns it
     */
    public NDArray value(Parameter parameter, NDArray like) {
        NDArray value = parameters.getValue(parameter, like.getDevice(), training);
        NDScope.unregister(value); // the store may have copied it to the device just now
        return value;
    }

    /**
     * Returns the rate at which this pass drops elements.
     *
     * @param rate the rate in training
     * @return the rate, or 0 outside training
     */
    public float dropout(float rate) {
        return training ? rate : 0;
    }

    private NDArray foreign(Block block, NDArray x) {
        block.getParameters().values().forEach(parameter -> value(parameter, x));
        NDList wide = new NDList(BFloat16.widen(x));
        return block.forward(parameters, wide, training).singletonOrThrow();
    }
}
