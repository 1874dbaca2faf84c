package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import ai.djl.util.Pair;

import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.DecoderKernel;
import org.djlgpt.torch.DecoderKernel.Affine;
import org.djlgpt.torch.DecoderKernel.Layer;
import org.djlgpt.torch.DecoderKernel.Norm;
import org.djlgpt.torch.Recording;
import org.djlgpt.torch.Weight;

import java.util.List;
import java.util.Optional;

/** Hands the parameters of a model to the decoder's kernel in the precision that is asked for. */
final class DecoderWeights {

    private final GptModel model;
    private final WeightPrecision precision;
    private final NDManager manager;

    /**
     * Prepares the conversion.
     *
     * @param manager owns what is converted
     */
    DecoderWeights(GptModel model, WeightPrecision precision, NDManager manager) {
        this.model = model;
        this.precision = precision;
        this.manager = manager;
    }

    DecoderKernel kernel() {
        try (Recording off = Recording.off();
                NDScope scope = new NDScope()) {
            return convert();
        }
    }

    private DecoderKernel convert() {
        ParameterList all = model.getParameters();
        NDArray embedding = find(all, "token_embedding_weight").orElseThrow();
        Weight words = owned(precision.rows(embedding));
        Optional<NDArray> untied = find(all, "output_weight");
        boolean packed =
                precision == WeightPrecision.BF16 && BFloat16.isFastOn(embedding.getDevice());
        boolean shared = untied.isEmpty() && !packed;
        return new DecoderKernel(
                model.config().numHeads(),
                words,
                find(all, "position_embedding_weight").map(this::copied).orElseThrow(),
                layers(),
                norm(all, "final_norm"),
                shared ? words : owned(precision.matrix(untied.orElse(embedding))));
    }

    private List<Layer> layers() {
        return model.getChildren().values().stream()
                .filter(TransformerBlock.class::isInstance)
                .map(Block::getParameters)
                .map(this::layer)
                .toList();
    }

    private Layer layer(ParameterList parameters) {
        return new Layer(
                norm(parameters, "norm1"),
                projections(parameters),
                affine(parameters, "out_proj"),
                norm(parameters, "norm2"),
                affine(parameters, "up"),
                affine(parameters, "down"));
    }

    private Norm norm(ParameterList parameters, String name) {
        return new Norm(
                find(parameters, name + "_scale").map(this::copied).orElseThrow(),
                find(parameters, name + "_shift").map(this::copied).orElseThrow());
    }

    /** Three layers as they are, or converted ones side by side. */
    private List<Affine> projections(ParameterList parameters) {
        List<String> names = List.of("W_query", "W_key", "W_value");
        if (precision == WeightPrecision.FP32) {
            return names.stream().map(name -> affine(parameters, name)).toList();
        }
        return List.of(
                affine(
                        joined(parameters, names, "_weight").orElseThrow(),
                        joined(parameters, names, "_bias").orElse(null)));
    }

    private static Optional<NDArray> joined(
            ParameterList parameters, List<String> names, String suffix) {
        NDList parts = new NDList();
        names.forEach(name -> find(parameters, name + suffix).ifPresent(parts::add));
        return parts.isEmpty() ? Optional.empty() : Optional.of(NDArrays.concat(parts));
    }

    private Affine affine(ParameterList parameters, String name) {
        return affine(
                find(parameters, name + "_weight").orElseThrow(),
                find(parameters, name + "_bias").orElse(null));
    }

    /** The bias may be null. */
    private Affine affine(NDArray weight, NDArray bias) {
        return new Affine(
                owned(precision.matrix(weight)), bias == null ? null : owned(precision.bias(bias)));
    }

    private static Optional<NDArray> find(ParameterList parameters, String suffix) {
        return parameters.stream()
                .filter(pair -> pair.getKey().endsWith(suffix))
                .map(Pair::getValue)
                .map(Parameter::getArray)
                .findFirst();
    }

    private NDArray copied(NDArray array) {
        return precision == WeightPrecision.FP32 ? array : owned(array.duplicate());
    }

    private Weight owned(Weight weight) {
        return new Weight(owned(weight.value()), owned(weight.scale()));
    }

    /** Keeps what was made here until the decoder is closed; parameters are the model's. */
    private NDArray owned(NDArray array) {
        if (precision != WeightPrecision.FP32) {
            array.attach(manager);
            NDScope.unregister(array);
        }
        return array;
    }
}
