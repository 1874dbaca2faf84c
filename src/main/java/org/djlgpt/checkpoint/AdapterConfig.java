package org.djlgpt.checkpoint;

import ai.djl.MalformedModelException;

import com.google.gson.Gson;
import com.google.gson.JsonObject;

import org.djlgpt.io.Json;
import org.djlgpt.nn.LoraConfig;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What an {@code adapter_config.json} says (<a
 * href="https://huggingface.co/docs/peft/package_reference/lora#peft.LoraConfig">LoraConfig</a>).
 * Which modules are adapted, the tensors say.
 *
 * @param base the model that the adapter is for: a folder or a name; null if it isn't said
 * @param rank the rank of a module
 * @param alpha what the scale of a module is proportional to
 * @param dropout the dropout of the adapter's input
 * @param rankStabilised whether scales are alpha / sqrt(rank)
 * @param ranks other ranks, by the end of a module's name
 * @param alphas other alphas, likewise
 */
record AdapterConfig(
        String base,
        int rank,
        double alpha,
        float dropout,
        boolean rankStabilised,
        Map<String, Double> ranks,
        Map<String, Double> alphas) {

    static final String FILE = "adapter_config.json";

    /** A name or a part of it. Expressions with more in them may take a reader forever. */
    private static final Pattern NAME = Pattern.compile("[\\w.^-]+");

    /** Ways to draw a new adapter that leave the base as it is. */
    private static final Set<String> DRAWS =
            Set.of("true", "false", "\"gaussian\"", "\"eva\"", "\"orthogonal\"");

    /**
     * Reads the file of a folder.
     *
     * @throws MalformedModelException if it asks for what is not computed
     */
    static AdapterConfig read(Path directory) throws IOException, MalformedModelException {
        Path file = directory.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(
                    file.toString(),
                    null,
                    "is missing; the folder of an adapter needs %s and %s"
                            .formatted(FILE, AdapterDirectory.WEIGHTS));
        }
        try {
            return read(new ConfigFields(Json.read(file, ModelDirectory.MAX_BYTES), null));
        } catch (IllegalArgumentException e) {
            throw new MalformedModelException(e.getMessage(), e);
        }
    }

    private static AdapterConfig read(ConfigFields fields) {
        fields.require("peft_type", "LORA");
        fields.require("task_type", "CAUSAL_LM");
        fields.require("bias", "none");
        fields.require("use_dora", false);
        fields.require("lora_bias", false);
        fields.require("use_qalora", false);
        fields.refuse(
                "modules_to_save",
                "trainable_token_indices",
                "target_parameters",
                "layer_replication",
                "megatron_config",
                "alora_invocation_tokens",
                "use_bdlora",
                "arrow_config",
                "monteclora_config",
                "velora_config",
                "kasa_config");
        Optional<Json> draw = fields.value("init_lora_weights");
        if (draw.isPresent() && !DRAWS.contains(draw.get().toJson())) {
            throw fields.malformed(
                    "init_lora_weights is %s, which changes the base too, but only %s are"
                            + " supported",
                    draw.get(), DRAWS);
        }
        LoraConfig.Builder lora =
                LoraConfig.builder()
                        .setRank(fields.size("r", 8))
                        .optAlpha(fields.number("lora_alpha", 8))
                        .optDropout((float) fields.number("lora_dropout", 0))
                        .optRankStabilised(fields.flag("use_rslora", false));
        LoraConfig uniform = fields.checked(lora::build);
        return new AdapterConfig(
                fields.string("base_model_name_or_path", null),
                uniform.rank(),
                uniform.alpha(),
                uniform.dropout(),
                uniform.rankStabilised(),
                pattern(fields, "rank_pattern"),
                pattern(fields, "alpha_pattern"));
    }

    private static Map<String, Double> pattern(ConfigFields fields, String key) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        Map<String, Json> stored = fields.value(key).map(Json::fields).orElse(Map.of());
        stored.forEach(
                (name, number) -> {
                    if (!NAME.matcher(name).matches()) {
                        throw fields.malformed(
                                "%s has \"%s\", but only names of modules are supported, no other"
                                        + " expressions",
                                key, name);
                    }
                    double value = number.number().doubleValue();
                    if (!(value > 0)) {
                        throw fields.malformed(
                                "%s of %s is %s, but must be positive", key, name, number);
                    }
                    numbers.put(name, value);
                });
        return numbers;
    }

    /** Returns the rank of a module. */
    double rank(String module) {
        return of(module, ranks, rank);
    }

    /** Returns what the product of a module's matrices is multiplied with. */
    double scale(String module) {
        return scale(of(module, alphas, alpha), rank(module));
    }

    /** Returns the scale of modules that nothing else is said of. */
    double scale() {
        return scale(alpha, rank);
    }

    private double scale(double someAlpha, double someRank) {
        return someAlpha / (rankStabilised ? Math.sqrt(someRank) : someRank);
    }

    /** Returns the alpha by which another rank has the scale of modules that nothing is said of. */
    double alphaOf(int otherRank) {
        return scale() * (rankStabilised ? Math.sqrt(otherRank) : otherRank);
    }

    /** The first name that ends the module's counts, as in PEFT. */
    private static double of(String module, Map<String, Double> numbers, double otherwise) {
        return numbers.entrySet().stream()
                .filter(entry -> Pattern.matches("(.*\\.)?(" + entry.getKey() + ")", module))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(otherwise);
    }

    /**
     * Describes an adapter.
     *
     * @param joined by the end of a module's name, the layers whose matrices stand in one there
     */
    static AdapterConfig of(LoraConfig lora, String base, Map<String, Integer> joined) {
        Map<String, Double> ranks = new LinkedHashMap<>();
        Map<String, Double> alphas = new LinkedHashMap<>();
        joined.forEach(
                (module, layers) -> {
                    double factor = lora.rankStabilised() ? Math.sqrt(layers) : layers;
                    ranks.put(module, (double) lora.rank() * layers);
                    alphas.put(module, lora.alpha() * factor);
                });
        return new AdapterConfig(
                base,
                lora.rank(),
                lora.alpha(),
                lora.dropout(),
                lora.rankStabilised(),
                ranks,
                alphas);
    }

    /**
     * Returns the file's content.
     *
     * @param modules the ends of the names of all adapted modules
     * @param transposed whether the base stores its weights as (in, out)
     */
    JsonObject json(Set<String> modules, boolean transposed) {
        JsonObject json = new JsonObject();
        json.addProperty("peft_type", "LORA");
        json.addProperty("task_type", "CAUSAL_LM");
        json.addProperty("base_model_name_or_path", base);
        json.addProperty("inference_mode", true);
        json.addProperty("r", rank);
        json.addProperty("lora_alpha", whole(alpha));
        json.addProperty("lora_dropout", Double.valueOf(Float.toString(dropout)));
        json.addProperty("use_rslora", rankStabilised);
        json.add("target_modules", new Gson().toJsonTree(modules));
        json.add("rank_pattern", numbers(ranks));
        json.add("alpha_pattern", numbers(alphas));
        json.addProperty("fan_in_fan_out", transposed);
        json.addProperty("bias", "none");
        json.addProperty("init_lora_weights", true);
        return json;
    }

    private static JsonObject numbers(Map<String, Double> pattern) {
        JsonObject json = new JsonObject();
        pattern.forEach((name, number) -> json.addProperty(name, whole(number)));
        return json;
    }

    private static Number whole(double number) {
        return number == Math.rint(number) && number < Integer.MAX_VALUE
                ? (Number) (int) number
                : (Number) number;
    }
}
