package org.djlgpt.checkpoint;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;

import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.io.AtomicFolder;
import org.djlgpt.io.SafeTensors;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.Recording;
import org.djlgpt.tuning.ChatTemplate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An adapter on disk, in the form of Hugging Face's PEFT: {@code adapter_config.json} and {@code
 * adapter_model.safetensors}, which {@code PeftModel.from_pretrained(base, DIR)} reads.
 *
 * <p>GPT-2 of transformers has queries, keys and values in one module, so that PEFT's adapters of
 * the three share a matrix A. Such a matrix is read into each of our layers. Of layers that have
 * learnt matrices of their own, these are written below each other, with a rank that is as many
 * times as large and the same scale: Python computes the same, and they are taken apart again here.
 * An adapter with other ranks or scales in some modules is read exactly, too, with the largest rank
 * everywhere, zeros where there is nothing, and the scales inside of B.
 *
 * <p>What is written here knows its base again: on another of the same sizes it is refused. PEFT's
 * does not say what it was trained on but by a name.
 *
 * <p>Read are adapters of type LORA for linear layers of the blocks. DoRA, adapters with biases or
 * with other modules that were trained, and those whose draw changes the base (PiSSA, OLoRA, LoftQ)
 * are refused by name.
 */
public final class AdapterDirectory {

    static final String WEIGHTS = "adapter_model.safetensors";
    static final String PREFIX = "base_model.model.";

    private AdapterDirectory() {}

    /**
     * Tells whether a folder holds an adapter and no whole model.
     *
     * @param directory any path
     * @return whether it has {@code adapter_config.json} and no {@code config.json}
     */
    public static boolean isAdapter(Path directory) {
        return Files.isRegularFile(directory.resolve(AdapterConfig.FILE))
                && !Files.exists(directory.resolve(ModelDirectory.CONFIG));
    }

    /**
     * Reads which model an adapter is for.
     *
     * @param directory the folder of an adapter
     * @return a path or, as in Python, the name of a model, or nothing if it isn't said
     * @throws IOException if {@code adapter_config.json} is missing or can't be read
     * @throws MalformedModelException if it is no configuration that this library supports
     */
    public static Optional<String> base(Path directory)
            throws IOException, MalformedModelException {
        AtomicFolder.settle(directory);
        return Optional.ofNullable(AdapterConfig.read(directory).base());
    }

    /**
     * Returns the folder of the model that an adapter is for.
     *
     * @param directory the folder of an adapter
     * @return the folder that it names
     * @throws IOException as {@link #base}
     * @throws MalformedModelException as {@link #base}
     * @throws IllegalArgumentException if it names none that is here
     */
    public static Path baseFolder(Path directory) throws IOException, MalformedModelException {
        String name = base(directory).orElse("a model that it does not name");
        Path base = Path.of(name);
        if (!Files.isDirectory(base)) {
            throw new IllegalArgumentException(
                    "%s is an adapter for %s, which is no folder here; name the folder of its base"
                            .formatted(directory, name));
        }
        return base;
    }

    /**
     * Puts an adapter on its base, for writing only: in one precision, and in no other.
     *
     * @param directory the folder of an adapter
     * @param base the folder of the model that it is for
     * @param precision what weights are kept in
     * @param manager owns the weights
     * @return the decoder of both
     * @throws IOException as {@link #load}
     * @throws MalformedModelException as {@link #load}
     * @throws IllegalArgumentException as {@link #load}
     */
    public static GptDecoder loadDecoder(
            Path directory, Path base, WeightPrecision precision, NDManager manager)
            throws IOException, MalformedModelException {
        NDManager loading = manager.newSubManager();
        GptModel model = load(directory, ModelDirectory.load(base, loading), loading);
        GptDecoder decoder = new GptDecoder(model, precision, manager);
        if (precision != WeightPrecision.FP32) {
            loading.close();
        }
        return decoder;
    }

    /**
     * Puts an adapter on its base. Several may lie on the same one.
     *
     * @param directory the folder of an adapter
     * @param base the initialized model that it is for; it is frozen
     * @param manager owns the adapter, and nothing of the base
     * @return the adapted model, as of {@link Lora#adapt}
     * @throws IOException if a file is missing or can't be read
     * @throws MalformedModelException if a file is malformed, asks for what is not computed, or is
     *     for another base; the message names the file and the reason
     * @throws IllegalArgumentException if the base has an adapter, or the rank exceeds the width of
     *     a layer
     */
    public static GptModel load(Path directory, GptModel base, NDManager manager)
            throws IOException, MalformedModelException {
        AtomicFolder.settle(directory);
        AdapterConfig config = AdapterConfig.read(directory);
        Path weights = directory.resolve(WEIGHTS);
        if (!Files.isRegularFile(weights)) {
            throw new NoSuchFileException(
                    weights.toString(), null, "is missing; it holds the weights of the adapter");
        }
        try (Recording off = Recording.off();
                NDManager reading = manager.newSubManager();
                SafeTensors file = SafeTensors.open(weights)) {
            return new AdapterReader(config, file, reading).read(base, manager);
        }
    }

    /**
     * Writes an adapter, and leaves the tokenizer as it is.
     *
     * @param model a model with an adapter
     * @param base where its base lies, or what it is called: what Python loads it by
     * @param directory the folder, created if it is missing; an adapter that lies there is replaced
     * @throws IOException if the folder can't be written; what lies there is unchanged
     * @throws IllegalArgumentException if the model has no adapter, or the folder holds a whole
     *     model
     */
    public static void save(GptModel model, String base, Path directory) throws IOException {
        requireRoom(directory);
        AtomicFolder.write(directory, ModelDirectory.MODEL, folder -> write(model, base, folder));
    }

    /**
     * Writes an adapter, the tokenizer that it was trained with and how messages are written.
     *
     * @param model as for {@link #save(GptModel, String, Path)}
     * @param tokenizer what its token ids mean
     * @param template how messages are written, not code; null for a model that is not talked with
     * @param base as for {@link #save(GptModel, String, Path)}
     * @param directory the folder; an adapter and a tokenizer that lie there are replaced
     * @throws IOException as {@link #save(GptModel, String, Path)}
     * @throws IllegalArgumentException as {@link #save(GptModel, String, Path)}
     */
    public static void save(
            GptModel model, Tokenizer tokenizer, ChatTemplate template, String base, Path directory)
            throws IOException {
        requireRoom(directory);
        AtomicFolder.write(
                directory,
                ModelDirectory.MODEL.or(Tokenizer::isPart),
                folder -> {
                    write(model, base, folder);
                    tokenizer.save(folder);
                    if (template != null) {
                        template.save(folder);
                    }
                });
    }

    /**
     * Refuses a folder that holds a whole model, which may be the base.
     *
     * @param directory where an adapter is to go
     * @throws IllegalArgumentException if it holds one
     */
    public static void requireRoom(Path directory) {
        if (Files.exists(directory.resolve(ModelDirectory.CONFIG))) {
            throw new IllegalArgumentException(
                    "%s holds a whole model; name another folder for the adapter"
                            .formatted(directory));
        }
    }

    private static void write(GptModel model, String base, Path folder) throws IOException {
        LoraConfig lora =
                Lora.config(model)
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "the model has no adapter; make one with"
                                                        + " Lora.adapt, or save the model with"
                                                        + " ModelDirectory"));
        List<AdapterModule> modules = AdapterModule.of(model);
        boolean shared = modules.stream().allMatch(AdapterModule::sharesA);
        Set<String> kinds = new LinkedHashSet<>();
        Map<String, Integer> joined = new LinkedHashMap<>();
        Map<String, NDArray> tensors = new LinkedHashMap<>();
        NDManager owner = model.tokenEmbedding().weight().getArray().getManager();
        try (Recording off = Recording.off();
                NDManager joining = owner.newSubManager();
                NDScope scope = new NDScope()) {
            for (AdapterModule module : modules) {
                kinds.add(module.kind());
                if (module.adapted() > 1 && !shared) {
                    joined.put(module.kind(), module.adapted());
                }
                tensors.put(PREFIX + module.name() + ".lora_A.weight", module.joinedA(shared));
                tensors.put(
                        PREFIX + module.name() + ".lora_B.weight", module.joinedB(shared, joining));
            }
            SafeTensors.write(
                    folder.resolve(WEIGHTS),
                    tensors,
                    Map.of(BaseSample.KEY, BaseSample.of(model).text()));
        }
        ModelWriter.writeJson(
                AdapterConfig.of(lora, base, joined).json(kinds, modules.get(0).transposed()),
                folder.resolve(AdapterConfig.FILE));
    }
}
