package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import ai.djl.util.Pair;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * A tensor as GPT-2's checkpoints store it, and the parameters that it is made of. GPT-2 stores the
 * weight of a linear layer as (in, out), and query, key and value as one tensor, side by side.
 *
 * @param name the tensor's name in the file
 * @param parts the parameters whose values stand side by side along the last axis
 * @param transposed whether the tensor is (in, out) and a parameter (out, in)
 */
record Gpt2Tensor(String name, List<Parameter> parts, boolean transposed) {

    /** Stands before the names of all tensors but the output layer's, or of none. */
    static final String PREFIX = "transformer.";

    static final String TOKEN_EMBEDDING = "wte.weight";
    static final String OUTPUT = "lm_head.weight";
    private static final String QKV_BIAS = "attn.c_attn.bias";

    /** Lists the tensors of a model in the order in which transformers writes them. */
    static List<Gpt2Tensor> of(GptModel model) {
        List<Gpt2Tensor> tensors = new ArrayList<>();
        ParameterList all = model.getParameters();
        tensors.add(plain(TOKEN_EMBEDDING, all, "token_embedding_weight"));
        tensors.add(plain("wpe.weight", all, "position_embedding_weight"));
        int layer = 0;
        for (Block child : model.getChildren().values()) {
            if (child instanceof TransformerBlock) {
                addLayer("h." + layer++ + ".", child.getParameters(), (Gpt2Config) model.config(), tensors);
            }
        }
        tensors.add(plain("ln_f.weight", all, "final_norm_scale"));
        tensors.add(plain("ln_f.bias", all, "final_norm_shift"));
        if (!model.config().tiedOutput()) {
            tensors.add(plain(OUTPUT, all, "output_weight"));
        }
        return tensors;
    }

    private static void addLayer(
            String prefix, ParameterList layer, Gpt2Config config, List<Gpt2Tensor> tensors) {
        tensors.add(plain(prefix + "ln_1.weight", layer, "norm1_scale"));
        tensors.add(plain(prefix + "ln_1.bias", layer, "norm1_shift"));
        tensors.add(
                transposed(
                        prefix + "attn.c_attn.weight",
                        layer,
                        "W_query_weight",
                        "W_key_weight",
                        "W_value_weight"));
        if (config.qkvBias()) {
            tensors.add(
                    plain(prefix + QKV_BIAS, layer, "W_query_bias", "W_key_bias", "W_value_bias"));
        }
        tensors.add(transposed(prefix + "attn.c_proj.weight", layer, "out_proj_weight"));
        tensors.add(plain(prefix + "attn.c_proj.bias", layer, "out_proj_bias"));
        tensors.add(plain(prefix + "ln_2.weight", layer, "norm2_scale"));
        tensors.add(plain(prefix + "ln_2.bias", layer, "norm2_shift"));
        tensors.add(transposed(prefix + "mlp.c_fc.weight", layer, "up_weight"));
        tensors.add(plain(prefix + "mlp.c_fc.bias", layer, "up_bias"));
        tensors.add(transposed(prefix + "mlp.c_proj.weight", layer, "down_weight"));
        tensors.add(plain(prefix + "mlp.c_proj.bias", layer, "down_bias"));
    }

    private static Gpt2Tensor plain(String name, ParameterList from, String... parts) {
        return new Gpt2Tensor(name, named(from, parts), false);
    }

    private static Gpt2Tensor transposed(String name, ParameterList from, String... parts) {
        return new Gpt2Tensor(name, named(from, parts), true);
    }

    private static List<Parameter> named(ParameterList from, String... suffixes) {
        List<Parameter> parts = new ArrayList<>();
        for (String suffix : suffixes) {
            Predicate<Pair<String, Parameter>> ends = pair -> pair.getKey().endsWith(suffix);
            parts.add(from.stream().filter(ends).findFirst().orElseThrow().getValue());
        }
        return parts;
    }

    /** Returns the name of a layer's query, key and value bias, which a model may lack. */
    static String qkvBias(int layer) {
        return "h." + layer + "." + QKV_BIAS;
    }

    /** Returns a tensor's name as {@code GPT2LMHeadModel} writes it. */
    static String prefixed(String name) {
        return name.equals(OUTPUT) ? name : PREFIX + name;
    }

    /** Returns the tensor's shape in the file. */
    Shape shape() {
        Shape part = parts.get(0).getShape();
        Shape single = transposed ? new Shape(part.get(1), part.get(0)) : part;
        int last = single.dimension() - 1;
        return single.slice(0, last).add(single.get(last) * parts.size());
    }

    /** Returns the tensor's value, made from those of its parameters. */
    NDArray join() {
        NDList values = new NDList();
        for (Parameter part : parts) {
            values.add(transposed ? part.getArray().transpose() : part.getArray());
        }
        return values.size() == 1 ? values.head() : NDArrays.concat(values, -1);
    }

    /** Returns whether the tensor is anything but its one parameter. */
    boolean isRearranged() {
        return transposed || parts.size() > 1;
    }

    /** Returns views of the tensor as the values of the parameters, in their order. */
    List<NDArray> split(NDArray tensor) {
        List<NDArray> values = new ArrayList<>();
        int last = tensor.getShape().dimension() - 1;
        for (NDArray part : tensor.split(parts.size(), last)) {
            values.add(transposed ? part.transpose() : part);
        }
        return values;
    }
}
