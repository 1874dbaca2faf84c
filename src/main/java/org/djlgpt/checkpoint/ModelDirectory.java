package org.djlgpt.checkpoint;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.io.AtomicFolder;
import org.djlgpt.io.Json;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.Checks;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.Recording;
import org.djlgpt.tuning.ChatTemplate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * A model on disk, as a Hugging Face directory: {@code config.json}, {@code generation_config.json}
 * and {@code model.safetensors} in the names and layout that transformers has for the model's
 * family, and the tokenizer beside them, which {@link Tokenizer} writes and reads.
 *
 * <p>Saving replaces all files of a model together: a process that is killed meanwhile leaves the
 * old model or the new one, see {@link AtomicFolder}.
 */
public final class ModelDirectory {

    /** In bytes; the index of a model with a thousand layers has a tenth of it. */
    static final int MAX_BYTES = 10_000_000;

    static final String CONFIG = "config.json";
    static final String GENERATION_CONFIG = "generation_config.json";

    /** What a model may consist of besides its tokenizer, be it in several files, or an adapter. */
    static final Predicate<String> MODEL =
            Pattern.compile(
                            "config\\.json|generation_config\\.json"
                                    + "|model\\.safetensors(\\.index\\.json)?"
                                    + "|model-\\d+-of-\\d+\\.safetensors"
                                    + "|adapter_config\\.json|adapter_model\\.(safetensors|bin)")
                    .asMatchPredicate();

    private ModelDirectory() {}

    /**
     * Writes a model without an end-of-text id, and leaves the tokenizer as it is.
     *
     * @param model an initialized model; one with an adapter is written as {@link Lora#merge} makes
     *     it
     * @param directory the folder, created if it is missing; a model that lies there is replaced,
     *     one in several files too
     * @throws IOException if the folder can't be written; the model that lies there is unchanged
     */
    public static void save(GptModel model, Path directory) throws IOException {
        AtomicFolder.write(
                directory,
                MODEL,
                folder -> new ModelWriter(model, OptionalInt.empty()).write(folder));
    }

    /**
     * Writes a model and its tokenizer.
     *
     * @param model an initialized model, as for {@link #save(GptModel, Path)}
     * @param tokenizer what its token ids mean; transformers stops generating at its end-of-text id
     * @param directory the folder, created if it is missing; the model and the tokenizer that lie
     *     there are replaced, whatever files they are in
     * @throws IOException if the folder can't be written; what lies there is unchanged
     * @throws IllegalArgumentException if the vocabulary has more ids than the model
     */
    public static void save(GptModel model, Tokenizer tokenizer, Path directory)
            throws IOException {
        save(model, tokenizer, null, directory);
    }

    /**
     * Writes a model that is talked with, its tokenizer and how messages are written. Where the
     * template ends an answer with a control token, transformers stops generating at that, too.
     *
     * @param model as for {@link #save(GptModel, Tokenizer, Path)}
     * @param tokenizer as for {@link #save(GptModel, Tokenizer, Path)}
     * @param template how messages are written, not code; null for a model that is not talked with
     * @param directory as for {@link #save(GptModel, Tokenizer, Path)}
     * @throws IOException as {@link #save(GptModel, Tokenizer, Path)}
     * @throws IllegalArgumentException as {@link #save(GptModel, Tokenizer, Path)}
     */
    public static void save(
            GptModel model, Tokenizer tokenizer, ChatTemplate template, Path directory)
            throws IOException {
        requireRoomFor(tokenizer, model.config());
        ModelWriter writer = new ModelWriter(model, tokenizer.endOfText());
        if (template != null) {
            writer.endsTurns(endOfTurn(tokenizer, template));
        }
        AtomicFolder.write(
                directory,
                MODEL.or(Tokenizer::isPart),
                folder -> {
                    writer.write(folder);
                    tokenizer.save(folder);
                    if (template != null) {
                        template.save(folder);
                    }
                });
    }

    private static OptionalInt endOfTurn(Tokenizer tokenizer, ChatTemplate template) {
        Set<String> specialTokens = tokenizer.specialTokens();
        String end = template.endOfTurn(specialTokens);
        return specialTokens.contains(end)
                ? OptionalInt.of(tokenizer.encodeWithSpecialTokens(end)[0])
                : OptionalInt.empty();
    }

    static void requireRoomFor(Tokenizer tokenizer, GptConfig config) {
        if (tokenizer.vocabSize() > config.vocabSize()) {
            throw new IllegalArgumentException(
                    "a vocabulary of %d ids is too large for a model with vocabSize=%d"
                            .formatted(tokenizer.vocabSize(), config.vocabSize()));
        }
    }

    /**
     * Reads a model's sizes.
     *
     * @param directory a Hugging Face directory
     * @return the configuration
     * @throws IOException if {@code config.json} is missing or can't be read
     * @throws MalformedModelException if it is no configuration that this library supports
     */
    public static GptConfig config(Path directory) throws IOException, MalformedModelException {
        return config(directory, null);
    }

    private static GptConfig config(Path directory, Float dropout)
            throws IOException, MalformedModelException {
        AtomicFolder.settle(directory);
        try {
            ConfigFields fields = fields(directory, dropout);
            if (ClassifierDirectory.isClassifier(fields)) {
                throw fields.malformed(
                        "architectures is %s, a classifier, which writes no text; classify texts"
                                + " with it (gpt classify, ClassifierDirectory)",
                        fields.value("architectures").orElseThrow());
            }
            return ModelFormat.of(fields).read(fields);
        } catch (IllegalArgumentException e) {
            throw new MalformedModelException(e.getMessage(), e);
        }
    }

    /** Reads the fields of which all families know. */
    static ConfigFields fields(Path directory, Float dropout) throws IOException {
        ConfigFields fields = new ConfigFields(readConfig(directory), dropout);
        StopTokens.ofGeneration(directory).ifPresent(ids -> fields.overrule(StopTokens.KEY, ids));
        fields.require("transformers_weights", WeightFiles.SINGLE);
        fields.refuse(
                "quantization_config",
                "attn_logit_softcapping",
                "final_logit_softcapping",
                "num_local_experts",
                "num_experts");
        fields.value("architectures");
        fields.value("torch_dtype", "dtype");
        fields.value("auto_map"); // code, which goes with the folder that it came from
        return fields;
    }

    static Json readConfig(Path directory) throws IOException {
        Path file = directory.resolve(CONFIG);
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(
                    file.toString(),
                    null,
                    AdapterDirectory.isAdapter(directory)
                            ? "is missing; this is the folder of an adapter, which needs its base"
                            : "is missing; a model folder needs %s and %s"
                                    .formatted(CONFIG, WeightFiles.SINGLE));
        }
        return Json.read(file, MAX_BYTES);
    }

    /**
     * Reads which tokens end a text: {@code eos_token_id}, a number or a list of numbers, in {@code
     * generation_config.json}, or in {@code config.json} where that file or the field is missing. A
     * null there says that none does.
     *
     * @param directory a Hugging Face directory
     * @return token ids, besides the tokenizer's end of text; one that the model does not have is
     *     never chosen and does no harm, as in transformers
     * @throws IOException if {@code config.json} is missing or a file can't be read
     * @throws MalformedModelException if something else than integers is there
     */
    public static Set<Integer> stopTokens(Path directory)
            throws IOException, MalformedModelException {
        AtomicFolder.settle(directory);
        try {
            return StopTokens.read(directory);
        } catch (IllegalArgumentException e) {
            throw new MalformedModelException(e.getMessage(), e);
        }
    }

    /**
     * Reads a model.
     *
     * @param directory a Hugging Face directory, its weights in {@code model.safetensors} or, if
     *     that is missing, in the files that {@code model.safetensors.index.json} lists (where both
     *     are there, transformers takes the first, too); tensors may be float32, float16 or
     *     bfloat16, and their names may have the prefix {@code transformer.} or {@code model.} or
     *     not; one that the model has twice may be stored once, under the name that the file's
     *     metadata gives for the other
     * @param manager owns the parameters, which are float32, and says on which device they are
     * @return the initialized model
     * @throws IOException if a file is missing or can't be read
     * @throws MalformedModelException if a file is malformed, they contradict each other, or a
     *     weight is infinite or NaN; the message names the file, the tensor if it is about one, and
     *     the reason
     */
    public static GptModel load(Path directory, NDManager manager)
            throws IOException, MalformedModelException {
        return load(directory, config(directory), manager);
    }

    /**
     * Reads a model that is to be trained with another dropout than its folder says.
     *
     * @param directory as in {@link #load(Path, NDManager)}
     * @param dropout the probability, in [0, 1), that an element is dropped in training
     * @param manager owns the parameters, which are float32, and says on which device they are
     * @return the initialized model
     * @throws IOException if a file is missing or can't be read
     * @throws MalformedModelException as {@link #load(Path, NDManager)}
     * @throws IllegalArgumentException if {@code dropout} lies outside [0, 1)
     */
    public static GptModel load(Path directory, float dropout, NDManager manager)
            throws IOException, MalformedModelException {
        Checks.requireDropout(dropout);
        return load(directory, config(directory, dropout), manager);
    }

    private static GptModel load(Path directory, GptConfig config, NDManager manager)
            throws IOException, MalformedModelException {
        try (Recording off = Recording.off();
                WeightFiles weights = WeightFiles.open(directory)) {
            ModelReader reader = new ModelReader(config, weights);
            return reader.read(new GptModel(config), manager);
        }
    }

    /**
     * Reads a model for writing only: of its float32 weights nothing stays but what the precision
     * needs.
     *
     * @param directory as in {@link #load(Path, NDManager)}
     * @param precision what to keep the weights in
     * @param manager owns the decoder and says on which device it is
     * @return the decoder
     * @throws IOException if a file is missing or can't be read
     * @throws MalformedModelException as {@link #load(Path, NDManager)}
     */
    public static GptDecoder loadDecoder(
            Path directory, WeightPrecision precision, NDManager manager)
            throws IOException, MalformedModelException {
        if (precision == WeightPrecision.FP32) {
            return new GptDecoder(load(directory, manager), precision, manager);
        }
        try (NDManager loading = manager.newSubManager()) {
            return new GptDecoder(load(directory, loading), precision, manager);
        }
    }
}
