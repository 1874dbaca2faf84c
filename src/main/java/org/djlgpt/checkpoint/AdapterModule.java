package org.djlgpt.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import org.djlgpt.model.GptModel;
import org.djlgpt.nn.LoraLinear;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What PEFT puts an adapter on: a linear layer, or several that transformers has in one, as GPT-2's
 * queries, keys and values.
 *
 * @param name the module's name in transformers
 * @param weights the frozen weights (out, in) of the layers, in their order
 * @param layers the layers, null for those that are not adapted
 * @param transposed whether transformers stores the weight as (in, out)
 */
record AdapterModule(
        String name, List<Parameter> weights, List<LoraLinear> layers, boolean transposed) {

    private static final String WEIGHT = ".weight";

    /** Lists the adapted modules of a model. */
    static List<AdapterModule> of(GptModel model) {
        ModelFormat format = ModelFormat.of(model.config());
        Map<Parameter, LoraLinear> adapted = LoraLinear.byWeight(model);
        List<AdapterModule> modules = new ArrayList<>();
        for (CheckpointTensor tensor : format.tensors(model)) {
            List<LoraLinear> layers = new ArrayList<>(); // List.of takes no null
            tensor.parts().forEach(part -> layers.add(adapted.get(part)));
            if (layers.stream().anyMatch(Objects::nonNull)) {
                String name = format.prefixed(tensor.name());
                modules.add(
                        new AdapterModule(
                                name.substring(0, name.length() - WEIGHT.length()),
                                tensor.parts(),
                                layers,
                                tensor.transposed()));
            }
        }
        return modules;
    }

    /** Returns the end of the name, which tells one kind of module in a layer from the others. */
    String kind() {
        String[] words = name.split("\\.");
        return words[words.length - 2] + "." + words[words.length - 1];
    }

    /** Returns how many of its layers are adapted. */
    int adapted() {
        return (int) layers.stream().filter(Objects::nonNull).count();
    }

    /** Returns whether one matrix serves as A of all adapted layers, as in PEFT. */
    boolean sharesA() {
        NDArray first = null;
        for (LoraLinear layer : layers) {
            if (layer != null) {
                NDArray a = layer.loraA().getArray();
                if (first != null && !a.contentEquals(first)) {
                    return false;
                }
                first = a;
            }
        }
        return true;
    }

    /**
     * Returns one A for all layers.
     *
     * @param shared whether that of the first is that of all; otherwise they stand below each other
     */
    NDArray joinedA(boolean shared) {
        NDList parts = new NDList();
        for (LoraLinear layer : layers) {
            if (layer != null && !(shared && parts.size() == 1)) {
                parts.add(layer.loraA().getArray());
            }
        }
        return joined(parts, 0);
    }

    /**
     * Returns one B for all layers, below each other: on the diagonal, where A's are, too, and zero
     * where a layer is not adapted.
     */
    NDArray joinedB(boolean shared, NDManager manager) {
        NDList parts = new NDList();
        int place = 0;
        for (int i = 0; i < layers.size(); i++) {
            NDList row = new NDList();
            LoraLinear layer = layers.get(i);
            for (int column = 0; column < (shared ? 1 : adapted()); column++) {
                boolean own = layer != null && (shared || column == place);
                row.add(own ? layer.loraB().getArray() : zeros(weights.get(i), manager));
            }
            place += layer == null ? 0 : 1;
            parts.add(joined(row, 1));
        }
        return joined(parts, 0);
    }

    private NDArray zeros(Parameter weight, NDManager manager) {
        int rank =
                layers.stream().filter(Objects::nonNull).findFirst().orElseThrow().config().rank();
        return manager.zeros(new Shape(weight.getShape().get(0), rank));
    }

    private static NDArray joined(NDList parts, int axis) {
        return parts.size() == 1 ? parts.head() : NDArrays.concat(parts, axis);
    }
}
