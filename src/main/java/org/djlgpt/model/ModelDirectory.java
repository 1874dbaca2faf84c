package org.djlgpt.model;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.io.AtomicFolder;
import org.djlgpt.io.SafeTensors;
import org.djlgpt.io.TensorSource;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.Recording;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * A model on disk, as a Hugging Face GPT-2 directory: {@code config.json}, {@code
 * generation_config.json} and {@code model.safetensors} in the names and layout of {@code
 * GPT2LMHeadModel}, and the tokenizer beside them, which {@link Tokenizer} writes and reads.
 *
 * <p>Saving replaces all files of a model together: a process that is killed meanwhile leaves the
 * old model or the new one, see {@link AtomicFolder}.
 */
public final class ModelDirectory {

    static final String CONFIG = "config.json";
    private static final String GENERATION_CONFIG = "generation_config.json";

    /** What a model may consist of besides its tokenizer; the last are files of a sharded one. */
    private static final Predicate<String> MODEL =
            Pattern.compile(
                            "config\\.json|generation_config\\.json"
                                    + "|model\\.safetensors(\\.index\\.json)?"
                                    + "|model-\\d+-of-\\d+\\.safetensors")
                    .asMatchPredicate();

    private ModelDirectory() {}

    /**
     * Writes a model without an end-of-text id, and leaves the tokenizer as it is.
     *
     * @param model an initialized model
     * @param directory the folder, created if it is missing; a model that lies there is replaced,
     *     one in several files too
     * @throws IOException if the folder can't be written; the model that lies there is unchanged
     */
    public static void save(GptModel model, Path directory) throws IOException {
        AtomicFolder.write(directory, MODEL, folder -> write(model, OptionalInt.empty(), folder));
    }

    /**
     * Writes a model and its tokenizer.
     *
     * @param model an initialized model
     * @param tokenizer what its token ids mean; transformers stops generating at its end-of-text
     *     id
     * @param directory the folder, created if it is missing; the model and the tokenizer that lie
     *     there are replaced, whatever files they are in
     * @throws IOException if the folder can't be written; what lies there is unchanged
     * @throws IllegalArgumentException if the vocabulary has more ids than the model
     */
    public static void save(GptModel model, Tokenizer tokenizer, Path directory)
            throws IOException {
        if (tokenizer.vocabSize() > model.config().vocabSize()) {
            throw new IllegalArgumentException(
                    "a vocabulary of %d ids is too large for a model with vocabSize=%d"
                            .formatted(tokenizer.vocabSize(), model.config().vocabSize()));
        }
        AtomicFolder.write(
                directory,
                MODEL.or(Tokenizer::isPart),
                folder -> {
                    write(model, tokenizer.endOfText(), folder);
                    tokenizer.save(folder);
                });
    }

    private static void write(GptModel model, OptionalInt endOfText, Path folder)
            throws IOException {
        HuggingFaceConfig.write((Gpt2Config) model.config(), endOfText, folder.resolve(CONFIG));
        HuggingFaceConfig.writeGeneration(endOfText, folder.resolve(GENERATION_CONFIG));
        try (Recording off = Recording.off()) {
            SafeTensors.writeLazily(folder.resolve(WeightFiles.SINGLE), sources(model));
        }
    }

    private static Map<String, TensorSource> sources(GptModel model) {
        DataType type = model.getParameters().get(0).getValue().getArray().getDataType();
        NDManager manager = model.getParameters().get(0).getValue().getArray().getManager();
        Map<String, TensorSource> sources = new LinkedHashMap<>();
        for (Gpt2Tensor tensor : Gpt2Tensor.of(model)) {
            sources.put(
                    Gpt2Tensor.prefixed(tensor.name()),
                    new TensorSource(type, tensor.shape(), tensor::join));
        }
        if (!((Gpt2Config) model.config()).qkvBias()) {
            Shape shape = new Shape(3L * model.config().embeddingDim());
            TensorSource zeros = new TensorSource(type, shape, () -> manager.zeros(shape, type));
            for (int layer = 0; layer < model.config().numLayers(); layer++) {
                sources.put(Gpt2Tensor.prefixed(Gpt2Tensor.qkvBias(layer)), zeros);
            }
        }
        return sources;
    }

    /**
     * Reads a model's sizes.
     *
     * @param directory a Hugging Face GPT-2 directory
     * @return the configuration
     * @throws IOException if {@code config.json} is missing or can't be read
     * @throws MalformedModelException if it is no GPT-2 configuration that this library supports
     */
    public static Gpt2Config config(Path directory) throws IOException, MalformedModelException {
        AtomicFolder.settle(directory);
        Path file = directory.resolve(CONFIG);
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(
                    file.toString(),
                    null,
                    "is missing; a model folder needs " + CONFIG + " and " + WeightFiles.SINGLE);
        }
        return HuggingFaceConfig.read(file);
    }

    /**
     * Reads a model.
     *
     * @param directory a Hugging Face GPT-2 directory, its weights in {@code model.safetensors} or,
     *     if that is missing, in the files that {@code model.safetensors.index.json} lists (where
     *     both are there, transformers takes the first, too); tensors may be float32, float16 or
     *     bfloat16, and their names may have the prefix {@code transformer.} or not
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
        Gpt2Config config = config(directory).toBuilder().optDropout(dropout).build();
        return load(directory, config, manager);
    }

    private static GptModel load(Path directory, Gpt2Config config, NDManager manager)
            throws IOException, MalformedModelException {
        try (Recording off = Recording.off();
                WeightFiles weights = WeightFiles.open(directory)) {
            return new ModelReader(config, weights).read(manager);
        }
    }
}
