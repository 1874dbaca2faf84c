package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import ai.djl.util.Pair;

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
        try (Recording off = Recording.off()) {
            return convert();
        }
    }

    private DecoderKernel convert() {
        ParameterList all = model.getParameters();
        NDArray embedding = find(all, "token_embedding_weight").orElseThrow();
        Weight words = owned(precision.rows(embedding));
        Optional<NDArray> untied = find(all, "output_weight");
        boolean shared = untied.isEmpty() && precision != WeightPrecision.BF16;
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
                affine(parameters, "W_query"),
                affine(parameters, "W_key"),
                affine(parameters, "W_value"),
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

    private Affine affine(ParameterList parameters, String name) {
        NDArray weight = find(parameters, name + "_weight").orElseThrow();
        NDArray bias = find(parameters, name + "_bias").map(this::copied).orElse(null);
        return new Affine(owned(precision.matrix(weight)), bias);
    }

    private static Optional<NDArray> find(ParameterList parameters, String suffix) {
        return parameters.stream()
                .filter(pair -> pair.getKey().endsWith(suffix))
                .map(Pair::getValue)
                .map(Parameter::getArray)
                .findFirst();
    }

    private NDArray copied(NDArray array) {
        if (precision == WeightPrecision.FP32) {
            return array;
        }
        NDArray copy = array.duplicate();
        copy.attach(manager);
        return copy;
    }

    private Weight owned(Weight weight) {
        if (precision != WeightPrecision.FP32) {
            weight.value().attach(manager);
            weight.scale().attach(manager);
        }
        return weight;
    }
}
