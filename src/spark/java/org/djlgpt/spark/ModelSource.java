package org.djlgpt.spark;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;

import java.io.IOException;
import java.io.Serializable;

/**
 * Makes the model that a worker trains, in the worker's process. What is trained gets the values of
 * the driver's model; what is not, as below an adapter, must be made with its own.
 */
@FunctionalInterface
public interface ModelSource extends Serializable {

    /**
     * Makes a model.
     *
     * @param manager owns its parameters
     * @return an initialized model
     * @throws IOException if it is read from files that can't be read
     * @throws MalformedModelException if they are damaged
     */
    GptModel make(NDManager manager) throws IOException, MalformedModelException;

    /**
     * Makes models of some size.
     *
     * @param config the size
     * @return the source
     */
    static ModelSource of(GptConfig config) {
        return manager -> {
            GptModel model = new GptModel(config);
            model.initialize(manager, DataType.FLOAT32, new Shape(1, config.contextLength()));
            return model;
        };
    }
}
