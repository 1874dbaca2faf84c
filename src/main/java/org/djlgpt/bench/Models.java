package org.djlgpt.bench;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;

/** Models with random weights, which cost as much as trained ones. */
final class Models {

    private Models() {}

    static GptModel random(GptConfig config, NDManager manager) {
        GptModel model = new GptModel(config);
        model.initialize(manager, DataType.FLOAT32, new Shape(1, config.contextLength()));
        return model;
    }
}
