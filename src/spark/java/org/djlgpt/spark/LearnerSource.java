package org.djlgpt.spark;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.training.Learner;

import java.io.IOException;
import java.io.Serializable;

/**
 * Makes what a worker trains, and on what, in the worker's process. Parameters that are trained get
 * the values of the driver's model; others, as those below an adapter, must be made with their own.
 */
@FunctionalInterface
public interface LearnerSource extends Serializable {

    /**
     * Makes a learner. Where token files are given to the training, its sets are not looked at.
     *
     * @param manager owns its parameters
     * @return an initialized model, and what belongs to it; of sets the whole, which workers share
     * @throws IOException if it is read from files that can't be read
     * @throws MalformedModelException if they are damaged
     * @throws IllegalArgumentException if they are not there
     */
    Learner make(NDManager manager) throws IOException, MalformedModelException;

    /**
     * Makes models of some size that go on with a text.
     *
     * @param config the size
     * @return the source
     */
    static LearnerSource of(GptConfig config) {
        return manager -> {
            GptModel model = new GptModel(config);
            model.initialize(manager, DataType.FLOAT32, new Shape(1, config.contextLength()));
            return new Learner(model);
        };
    }
}
