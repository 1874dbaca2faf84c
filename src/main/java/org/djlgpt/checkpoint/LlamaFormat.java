package org.djlgpt.checkpoint;

import static org.djlgpt.checkpoint.CheckpointTensor.plain;

import com.google.gson.JsonObject;

import org.djlgpt.attention.GroupedQueryAttention;
import org.djlgpt.attention.RotaryEmbedding.Scaling;
import org.djlgpt.io.Json;
import org.djlgpt.model.GatedFeedForward;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptTrunk;
import org.djlgpt.model.LlamaConfig;
import org.djlgpt.model.LlamaConfig.Relative;
import org.djlgpt.model.TransformerBlock;
import org.djlgpt.nn.Functional;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.RmsNorm;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Llama's format, and that of its relatives, which differ in what is optional (<a
 * href="https://huggingface.co/docs/transformers/model_doc/llama#transformers.LlamaConfig">LlamaConfig</a>).
 * The rotation's numbers are read in the form of transformers 5, {@code rope_parameters}, and in
 * the older one, {@code rope_theta} and {@code rope_scaling}, which is written, since both read it.
 *
 * @param relative the model that it is for
 */
record LlamaFormat(Relative relative) implements ModelFormat {

    @Override
    public String modelType() {
        return relative.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String family() {
        String name = relative.name();
        return name.charAt(0) + name.substring(1).toLowerCase(Locale.ROOT);
    }

    @Override
    public String architecture() {
        return family() + "ForCausalLM";
    }

    @Override
    public boolean stores(GptConfig config) {
        return config instanceof LlamaConfig llama && llama.relative() == relative;
    }

    @Override
    public GptConfig read(ConfigFields fields) {
        fields.require("hidden_act", "silu");
        fields.require("attention_bias", false);
        fields.require("mlp_bias", false);
        fields.require("partial_rotary_factor", 1);
        int embeddingDim = fields.size("hidden_size");
        int numHeads = fields.size("num_attention_heads");
        Rope rope = Rope.read(fields);
        LlamaConfig.Builder config =
                LlamaConfig.builder()
                        .optRelative(relative)
                        .setVocabSize(fields.size("vocab_size"))
                        .setContextLength(fields.size("max_position_embeddings"))
                        .setEmbeddingDim(embeddingDim)
                        .setNumHeads(numHeads)
                        .setNumLayers(fields.size("num_hidden_layers"))
                        .optHiddenDim(fields.size("intermediate_size"))
                        .optNumKeyValueHeads(keyValueHeads(fields, numHeads))
                        .optNormEpsilon(fields.number("rms_norm_eps", 1e-6))
                        .optRopeBase(rope.base)
                        .optRopeScaling(rope.scaling)
                        .optSlidingWindow(window(fields))
                        .optDropout(fields.dropout("attention_dropout", 0))
                        .optTiedOutput(fields.flag("tie_word_embeddings", false));
        if (relative == Relative.QWEN3 || fields.value("head_dim").isPresent()) {
            config.optHeadDim(fields.size("head_dim"));
        }
        return fields.checked(config.optOtherFields(fields.others())::build);
    }

    private int keyValueHeads(ConfigFields fields, int numHeads) {
        return relative == Relative.LLAMA
                ? fields.size("num_key_value_heads", numHeads)
                : fields.size("num_key_value_heads");
    }

    private int window(ConfigFields fields) {
        boolean qwen = relative == Relative.QWEN2 || relative == Relative.QWEN3;
        boolean used = fields.flag("use_sliding_window", !qwen);
        Optional<Json> window = fields.value("sliding_window");
        boolean everywhere = used && window.isPresent() && relative != Relative.LLAMA;
        if (everywhere && qwen && fields.size("max_window_layers", 0) != 0) {
            throw fields.malformed(
                    "max_window_layers is %d, but layers with and without a sliding window are not"
                            + " supported together",
                    fields.size("max_window_layers", 0));
        }
        String layers = everywhere ? "sliding_attention" : "full_attention";
        for (Json type : fields.value("layer_types").map(Json::items).orElse(List.of())) {
            if (!type.string().equals(layers)) {
                throw fields.malformed(
                        "layer_types has %s, but only layers of one kind, here %s, are supported",
                        type, layers);
            }
        }
        return everywhere ? fields.size("sliding_window") : Functional.NO_WINDOW;
    }

    /** What the rotation's fields say. */
    private record Rope(double base, Scaling scaling) {

        private static final double BASE = 10000;

        static Rope read(ConfigFields fields) {
            double base = fields.number("rope_theta", BASE);
            Optional<Json> older = fields.value("rope_scaling");
            Optional<Json> numbers = fields.value("rope_parameters").or(() -> older);
            if (numbers.isEmpty()) {
                return new Rope(base, Scaling.none());
            }
            ConfigFields rope = new ConfigFields(numbers.get(), null);
            return new Rope(rope.number("rope_theta", base), scaling(rope));
        }

        private static Scaling linear(double factor, ConfigFields rope) {
            return rope.checked(() -> new Scaling.Linear(factor));
        }

        private static Scaling llama3(ConfigFields rope) {
            double factor = rope.number("factor", 1);
            double low = rope.number("low_freq_factor", 1);
            double high = rope.number("high_freq_factor", 4);
            int original = rope.size("original_max_position_embeddings");
            return rope.checked(() -> new Scaling.Llama3(factor, low, high, original));
        }

        private static Scaling scaling(ConfigFields rope) {
            rope.require("partial_rotary_factor", 1);
            String type = rope.value("rope_type", "type").map(Json::string).orElse("default");
            return switch (type) {
                case "default" -> Scaling.none();
                case "linear" -> linear(rope.number("factor", 1), rope);
                case "llama3" -> llama3(rope);
                default ->
                        throw rope.malformed(
                                "rope_type is \"%s\", but only default, linear and llama3 are"
                                        + " supported",
                                type);
            };
        }
    }

    @Override
    public void write(GptConfig some, JsonObject json) {
        LlamaConfig config = (LlamaConfig) some;
        json.addProperty("vocab_size", config.vocabSize());
        json.addProperty("max_position_embeddings", config.contextLength());
        json.addProperty("hidden_size", config.embeddingDim());
        json.addProperty("intermediate_size", config.hiddenDim());
        json.addProperty("num_attention_heads", config.numHeads());
        json.addProperty("num_key_value_heads", config.numKeyValueHeads());
        json.addProperty("head_dim", config.headDim());
        json.addProperty("num_hidden_layers", config.numLayers());
        json.addProperty("hidden_act", "silu");
        json.addProperty("rms_norm_eps", config.normEpsilon());
        json.addProperty("rope_theta", config.ropeBase());
        json.add("rope_scaling", scaling(config.ropeScaling()));
        writeWindow(config.slidingWindow(), json);
        json.addProperty("attention_dropout", config.attentionDropout());
        json.addProperty("attention_bias", relative == Relative.QWEN2 ? null : Boolean.FALSE);
        json.addProperty("tie_word_embeddings", config.tiedOutput());
    }

    private void writeWindow(int window, JsonObject json) {
        boolean limited = window != Functional.NO_WINDOW;
        if (relative != Relative.LLAMA) {
            json.addProperty("sliding_window", limited ? window : null);
        }
        if (relative == Relative.QWEN2 || relative == Relative.QWEN3) {
            json.addProperty("use_sliding_window", limited);
            if (limited) {
                json.addProperty("max_window_layers", 0);
            }
        }
    }

    private static JsonObject scaling(Scaling scaling) {
        JsonObject json = new JsonObject();
        if (scaling instanceof Scaling.Linear linear) {
            json.addProperty("rope_type", "linear");
            json.addProperty("factor", linear.factor());
        } else if (scaling instanceof Scaling.Llama3 llama3) {
            json.addProperty("rope_type", "llama3");
            json.addProperty("factor", llama3.factor());
            json.addProperty("low_freq_factor", llama3.lowFrequencyFactor());
            json.addProperty("high_freq_factor", llama3.highFrequencyFactor());
            json.addProperty("original_max_position_embeddings", llama3.originalContextLength());
        }
        return json.size() == 0 ? null : json;
    }

    @Override
    public String prefix() {
        return "model.";
    }

    @Override
    public String embedding() {
        return "embed_tokens.weight";
    }

    @Override
    public List<CheckpointTensor> trunk(GptTrunk model) {
        List<CheckpointTensor> tensors = new ArrayList<>();
        tensors.add(plain(embedding(), model.tokenEmbedding().weight()));
        for (TransformerBlock block : model.blocks()) {
            addLayer("layers." + model.blocks().indexOf(block) + ".", block, tensors);
        }
        addNorm("norm", (RmsNorm) model.finalNorm(), tensors);
        return tensors;
    }

    private static void addLayer(
            String prefix, TransformerBlock block, List<CheckpointTensor> tensors) {
        GroupedQueryAttention attention = (GroupedQueryAttention) block.attention();
        GatedFeedForward feedForward = (GatedFeedForward) block.feedForward();
        addNorm(prefix + "input_layernorm", (RmsNorm) block.norm1(), tensors);
        addLinear(prefix + "self_attn.q_proj", attention.query(), tensors);
        addLinear(prefix + "self_attn.k_proj", attention.key(), tensors);
        addLinear(prefix + "self_attn.v_proj", attention.value(), tensors);
        addLinear(prefix + "self_attn.o_proj", attention.output(), tensors);
        if (attention.queryNorm() != null) {
            addNorm(prefix + "self_attn.q_norm", attention.queryNorm(), tensors);
            addNorm(prefix + "self_attn.k_norm", attention.keyNorm(), tensors);
        }
        addNorm(prefix + "post_attention_layernorm", (RmsNorm) block.norm2(), tensors);
        addLinear(prefix + "mlp.gate_proj", feedForward.gate(), tensors);
        addLinear(prefix + "mlp.up_proj", feedForward.up(), tensors);
        addLinear(prefix + "mlp.down_proj", feedForward.down(), tensors);
    }

    private static void addNorm(String name, RmsNorm norm, List<CheckpointTensor> tensors) {
        tensors.add(plain(name + ".weight", norm.scale()));
    }

    private static void addLinear(String name, Linear layer, List<CheckpointTensor> tensors) {
        tensors.add(plain(name + ".weight", layer.weight()));
        if (layer.bias() != null) {
            tensors.add(plain(name + ".bias", layer.bias()));
        }
    }

    /** The rotation's angles. */
    @Override
    public boolean isConstant(String name) {
        return name.matches("layers\\.\\d+\\.self_attn\\.rotary_emb\\.inv_freq");
    }
}
