package org.djlgpt.checkpoint;

import static org.djlgpt.checkpoint.CheckpointTensor.plain;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;

import com.google.gson.JsonObject;

import org.djlgpt.attention.CachedAttention;
import org.djlgpt.model.FeedForward;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptTrunk;
import org.djlgpt.model.PositionEmbedding;
import org.djlgpt.model.TransformerBlock;
import org.djlgpt.nn.ActivationFunction;
import org.djlgpt.nn.LayerNorm;
import org.djlgpt.nn.Linear;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * GPT-2's format (<a
 * href="https://huggingface.co/docs/transformers/model_doc/gpt2#transformers.GPT2Config">GPT2Config</a>).
 * It stores the weight of a linear layer as (in, out), and query, key and value as one tensor, side
 * by side. The keys {@code qkv_bias} and {@code bias} are our own; where they are missing there are
 * biases, as in GPT-2, and where there are none zeros are stored.
 */
final class Gpt2Format implements ModelFormat {

    private static final double DROPOUT = 0.1;

    private static final Map<String, ActivationFunction> ACTIVATIONS =
            Map.of(
                    "gelu_new", ActivationFunction.GELU_TANH,
                    "gelu_pytorch_tanh", ActivationFunction.GELU_TANH,
                    "gelu", ActivationFunction.GELU,
                    "relu", ActivationFunction.RELU,
                    "silu", ActivationFunction.SILU);

    @Override
    public String modelType() {
        return "gpt2";
    }

    @Override
    public String family() {
        return "GPT2";
    }

    @Override
    public String architecture() {
        return "GPT2LMHeadModel";
    }

    @Override
    public boolean stores(GptConfig config) {
        return config instanceof Gpt2Config;
    }

    @Override
    public GptConfig read(ConfigFields fields) {
        fields.require("scale_attn_weights", true);
        fields.require("scale_attn_by_inverse_layer_idx", false);
        fields.require("add_cross_attention", false);
        Gpt2Config.Builder config =
                Gpt2Config.builder()
                        .setVocabSize(fields.size("vocab_size"))
                        .setContextLength(fields.size("n_positions", "max_position_embeddings"))
                        .setEmbeddingDim(fields.size("n_embd", "hidden_size"))
                        .setNumHeads(fields.size("n_head", "num_attention_heads"))
                        .setNumLayers(fields.size("n_layer", "num_hidden_layers"))
                        .optActivation(activation(fields))
                        .optNormEpsilon(fields.number("layer_norm_epsilon", LayerNorm.EPSILON))
                        .optEmbeddingDropout(fields.dropout("embd_pdrop", DROPOUT))
                        .optAttentionDropout(fields.dropout("attn_pdrop", DROPOUT))
                        .optResidualDropout(fields.dropout("resid_pdrop", DROPOUT))
                        .optQkvBias(fields.flag("qkv_bias", true))
                        .optBias(fields.flag("bias", true))
                        .optTiedOutput(fields.flag("tie_word_embeddings", true));
        if (fields.value("n_inner").isPresent()) {
            config.optHiddenDim(fields.size("n_inner"));
        }
        return fields.checked(config.optOtherFields(fields.others())::build);
    }

    private static ActivationFunction activation(ConfigFields fields) {
        String name = fields.string("activation_function", "gelu_new");
        ActivationFunction activation = ACTIVATIONS.get(name);
        if (activation == null) {
            throw fields.malformed(
                    "activation_function is \"%s\", but only gelu_new, gelu_pytorch_tanh, gelu,"
                            + " relu and silu are supported",
                    name);
        }
        return activation;
    }

    @Override
    public void write(GptConfig some, JsonObject json) {
        Gpt2Config config = (Gpt2Config) some;
        json.addProperty("vocab_size", config.vocabSize());
        json.addProperty("n_positions", config.contextLength());
        json.addProperty("n_embd", config.embeddingDim());
        json.addProperty("n_head", config.numHeads());
        json.addProperty("n_layer", config.numLayers());
        if (config.hiddenDim() != 4L * config.embeddingDim()) {
            json.addProperty("n_inner", config.hiddenDim());
        }
        json.addProperty("activation_function", name(config.activation()));
        json.addProperty("layer_norm_epsilon", config.normEpsilon());
        json.addProperty("embd_pdrop", config.embeddingDropout());
        json.addProperty("attn_pdrop", config.attentionDropout());
        json.addProperty("resid_pdrop", config.residualDropout());
        json.addProperty("qkv_bias", config.qkvBias());
        if (!config.bias()) {
            json.addProperty("bias", false);
        }
        json.addProperty("tie_word_embeddings", config.tiedOutput());
    }

    private static String name(ActivationFunction activation) {
        return switch (activation) {
            case GELU_TANH -> "gelu_new";
            case GELU -> "gelu";
            case RELU -> "relu";
            case SILU -> "silu";
        };
    }

    @Override
    public String prefix() {
        return "transformer.";
    }

    @Override
    public String embedding() {
        return "wte.weight";
    }

    @Override
    public List<CheckpointTensor> trunk(GptTrunk model) {
        List<CheckpointTensor> tensors = new ArrayList<>();
        tensors.add(plain(embedding(), model.tokenEmbedding().weight()));
        PositionEmbedding positions = (PositionEmbedding) model.positions().orElseThrow();
        tensors.add(plain("wpe.weight", positions.weight()));
        for (TransformerBlock block : model.blocks()) {
            addLayer("h." + model.blocks().indexOf(block) + ".", block, tensors);
        }
        addNorm("ln_f", (LayerNorm) model.finalNorm(), tensors);
        return tensors;
    }

    private static void addLayer(
            String prefix, TransformerBlock block, List<CheckpointTensor> tensors) {
        CachedAttention attention = block.attention();
        FeedForward feedForward = (FeedForward) block.feedForward();
        addNorm(prefix + "ln_1", (LayerNorm) block.norm1(), tensors);
        addLinear(
                prefix + "attn.c_attn",
                List.of(attention.query(), attention.key(), attention.value()),
                tensors);
        addLinear(prefix + "attn.c_proj", List.of(attention.output()), tensors);
        addNorm(prefix + "ln_2", (LayerNorm) block.norm2(), tensors);
        addLinear(prefix + "mlp.c_fc", List.of(feedForward.up()), tensors);
        addLinear(prefix + "mlp.c_proj", List.of(feedForward.down()), tensors);
    }

    private static void addNorm(String name, LayerNorm norm, List<CheckpointTensor> tensors) {
        tensors.add(plain(name + ".weight", norm.scale()));
        if (norm.shift() != null) {
            tensors.add(plain(name + ".bias", norm.shift()));
        }
    }

    private static void addLinear(
            String name, List<Linear> layers, List<CheckpointTensor> tensors) {
        List<Parameter> weights = layers.stream().map(Linear::weight).toList();
        tensors.add(new CheckpointTensor(name + ".weight", weights, true));
        if (layers.get(0).bias() != null) {
            List<Parameter> biases = layers.stream().map(Linear::bias).toList();
            tensors.add(new CheckpointTensor(name + ".bias", biases, false));
        }
    }

    @Override
    public Map<String, Shape> zeros(GptConfig some) {
        Gpt2Config config = (Gpt2Config) some;
        Shape width = new Shape(config.embeddingDim());
        Map<String, Shape> zeros = new LinkedHashMap<>();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            String prefix = "h." + layer + ".";
            if (!config.qkvBias()) {
                zeros.put(prefix + "attn.c_attn.bias", new Shape(3L * config.embeddingDim()));
            }
            if (!config.bias()) {
                zeros.put(prefix + "ln_1.bias", width);
                zeros.put(prefix + "attn.c_proj.bias", width);
                zeros.put(prefix + "ln_2.bias", width);
                zeros.put(prefix + "mlp.c_fc.bias", new Shape(config.hiddenDim()));
                zeros.put(prefix + "mlp.c_proj.bias", width);
            }
        }
        if (!config.bias()) {
            zeros.put("ln_f.bias", width);
        }
        return zeros;
    }

    /** The causal mask. */
    @Override
    public boolean isConstant(String name) {
        return name.matches("h\\.\\d+\\.attn\\.(masked_)?bias");
    }
}
