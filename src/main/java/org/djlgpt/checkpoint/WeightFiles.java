package org.djlgpt.checkpoint;

import ai.djl.MalformedModelException;

import org.djlgpt.io.SafeTensors;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The weights of a model folder: one safetensors file or, where that is missing, those that an
 * index lists. Every tensor lies in exactly one of them, the one that the index says.
 */
final class WeightFiles implements AutoCloseable {

    static final String SINGLE = "model.safetensors";
    static final String INDEX = "model.safetensors.index.json";

    private final Path path;
    private final Map<String, SafeTensors> holders = new LinkedHashMap<>();
    private final Map<String, String> aliases = new LinkedHashMap<>();
    private final List<SafeTensors> files = new ArrayList<>();

    private WeightFiles(Path path) {
        this.path = path;
    }

    /** Opens all files; if both kinds are there, the single file, as transformers does. */
    static WeightFiles open(Path directory) throws IOException, MalformedModelException {
        Path single = directory.resolve(SINGLE);
        Path index = directory.resolve(INDEX);
        boolean sharded = !Files.isRegularFile(single) && Files.isRegularFile(index);
        WeightFiles weights = new WeightFiles(sharded ? index : single);
        try {
            if (sharded) {
                weights.addAll(WeightIndex.read(index));
            } else {
                weights.add(SINGLE);
            }
            return weights;
        } catch (IOException | MalformedModelException | RuntimeException | Error e) {
            weights.close();
            throw e;
        }
    }

    private void addAll(Map<String, String> index) throws IOException, MalformedModelException {
        for (String name : new LinkedHashSet<>(index.values())) {
            for (String tensor : add(name).names()) {
                if (!name.equals(index.get(tensor))) {
                    throw new MalformedModelException(
                            "%s: tensor %s lies in %s, but the index %s"
                                    .formatted(
                                            path,
                                            tensor,
                                            name,
                                            index.containsKey(tensor)
                                                    ? "says " + index.get(tensor)
                                                    : "does not list it"));
                }
            }
        }
        for (Map.Entry<String, String> entry : index.entrySet()) {
            if (!holders.containsKey(entry.getKey())) {
                throw new MalformedModelException(
                        "%s: tensor %s is missing in %s, where the index says it is"
                                .formatted(path, entry.getKey(), entry.getValue()));
            }
        }
    }

    private SafeTensors add(String name) throws IOException, MalformedModelException {
        Path file = path.resolveSibling(name);
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(
                    file.toString(),
                    null,
                    path.endsWith(INDEX)
                            ? "is missing; " + path + " lists it"
                            : "is missing; a model folder needs " + SINGLE + " or " + INDEX);
        }
        SafeTensors tensors = SafeTensors.open(file);
        files.add(tensors);
        tensors.names().forEach(tensor -> holders.put(tensor, tensors));
        tensors.metadata()
                .forEach(
                        (alias, tensor) -> {
                            if (tensors.names().contains(tensor)) {
                                aliases.put(alias, tensor);
                            }
                        });
        return tensors;
    }

    /** Returns the file that says which tensors there are. */
    Path path() {
        return path;
    }

    /** Returns the names of all tensors, as stored. */
    Set<String> names() {
        return holders.keySet();
    }

    /**
     * Returns further names of tensors, each with the name that the tensor is stored under:
     * Python's {@code safetensors.torch.save_model} stores one that a model has twice once, and
     * notes the other name beside it.
     */
    Map<String, String> aliases() {
        return aliases;
    }

    /** Returns the file that holds a tensor. */
    SafeTensors holding(String tensor) {
        return holders.get(tensor);
    }

    @Override
    public void close() throws IOException {
        for (SafeTensors file : files) {
            file.close();
        }
    }
}
