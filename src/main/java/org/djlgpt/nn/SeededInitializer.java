package org.djlgpt.nn;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.initializer.Initializer;

/**
 * First values that follow from the engine's seed alone, whatever the device: the CPU draws them,
 * and they are moved to where they are wanted. A GPU's own generator draws other numbers.
 *
 * @param draw draws the values
 */
public record SeededInitializer(Initializer draw) implements Initializer {

    @Override
    public NDArray initialize(NDManager manager, Shape shape, DataType dataType) {
        Device device = manager.getDevice();
        if (!device.isGpu()) {
            return draw.initialize(manager, shape, dataType);
        }
        try (NDManager host = manager.newSubManager(Device.cpu())) {
            NDArray values = draw.initialize(host, shape, dataType).toDevice(device, false);
            values.attach(manager);
            return values;
        }
    }
}
