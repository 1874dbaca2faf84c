package org.djlgpt.checkpoint;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.nn.LoraLinear;

import java.io.IOException;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** Puts the adapter of two files on a base, which all three must agree about. */
final class AdapterReader {

    private static final double SAME = 1e-9;

    private final AdapterConfig config;
    private final SafeTensors file;
    private final NDManager manager;
    private final Map<Place, Branch> branches = new LinkedHashMap<>();

    /** A layer of the model: one part of a module of transformers. */
    private record Place(String module, int part) {}

    /** The matrices A (rank, in) and B (out, rank) of a layer. */
    private record Branch(NDArray a, NDArray b, double scale) {

        /** Returns which rows of A count: those whose column in B is not zero. */
        boolean[] used() {
            return b.abs().max(new int[] {0}).gt(0).toBooleanArray();
        }

        Branch only(boolean[] rows, NDManager manager) {
            long[] kept =
                    IntStream.range(0, rows.length).filter(i -> rows[i]).asLongStream().toArray();
            NDArray indices = manager.create(kept);
            return new Branch(
                    a.get(new NDIndex("{}", indices)), b.get(new NDIndex(":, {}", indices)), scale);
        }
    }

    /**
     * Prepares the reading.
     *
     * @param manager owns what is read in between
     */
    AdapterReader(AdapterConfig config, SafeTensors file, NDManager manager) {
        this.config = config;
        this.file = file;
        this.manager = manager;
    }

    /** Returns the adapted model; {@code owner} owns the adapter. */
    GptModel read(GptModel base, NDManager owner) throws IOException, MalformedModelException {
        Map<Place, Role> roles = new LinkedHashMap<>();
        Map<String, AdapterModule> modules = new LinkedHashMap<>();
        for (Role role : EnumSet.complementOf(EnumSet.of(Role.HEAD))) {
            for (AdapterModule module : AdapterModule.of(outline(base.config(), role))) {
                modules.put(module.name(), module);
                for (int part = 0; part < module.layers().size(); part++) {
                    if (module.layers().get(part) != null) {
                        roles.put(new Place(module.name(), part), role);
                    }
                }
            }
        }
        requireNoOthers(modules.keySet());
        for (AdapterModule module : modules.values()) {
            read(module);
        }
        requireTrainedOn(base);
        takeApart();
        Set<Role> targets = EnumSet.noneOf(Role.class);
        branches.keySet().forEach(place -> targets.add(roles.get(place)));
        GptModel adapted = Lora.adapt(base, lora(targets), owner);
        for (AdapterModule module : AdapterModule.of(adapted)) {
            for (int part = 0; part < module.layers().size(); part++) {
                if (module.layers().get(part) != null) {
                    set(module.layers().get(part), branches.get(new Place(module.name(), part)));
                }
            }
        }
        return adapted;
    }

    /** A model without arrays whose layers of one role are adapted. */
    private static GptModel outline(GptConfig size, Role role) {
        LoraConfig lora = LoraConfig.builder().setRank(1).optTargets(EnumSet.of(role)).build();
        return new GptModel(size, Layers.lora(Layers.pytorch(), lora));
    }

    private static String tensor(String module, String matrix) {
        return AdapterDirectory.PREFIX + module + ".lora_" + matrix + ".weight";
    }

    private void requireNoOthers(Set<String> modules) throws MalformedModelException {
        Set<String> known = new HashSet<>();
        for (String module : modules) {
            known.add(tensor(module, "A"));
            known.add(tensor(module, "B"));
        }
        for (String name : file.names()) {
            if (!known.contains(name)) {
                throw malformed(
                        name,
                        "adapts nothing that the base has and an adapter may change here; load it"
                                + " on the model that it was trained on");
            }
        }
        if (file.names().isEmpty()) {
            throw new MalformedModelException(file.path() + ": holds no tensor");
        }
    }

    private void requireTrainedOn(GptModel base) throws MalformedModelException {
        Optional<BaseSample> trainedOn;
        try {
            trainedOn = BaseSample.read(file.metadata().get(BaseSample.KEY));
        } catch (NumberFormatException e) {
            throw new MalformedModelException(
                    "%s: %s in its metadata is not a list of numbers; delete it"
                            .formatted(file.path(), BaseSample.KEY),
                    e);
        }
        if (trainedOn.isPresent() && !trainedOn.get().isSame(BaseSample.of(base))) {
            throw new MalformedModelException(
                    "%s: was trained on another model than this base (%s says %s), whose weights differ; load it on that"
                            .formatted(file.path(), AdapterConfig.FILE, config.base()));
        }
    }

    private void read(AdapterModule module) throws IOException, MalformedModelException {
        String first = tensor(module.name(), "A");
        String second = tensor(module.name(), "B");
        if (!file.names().contains(first) && !file.names().contains(second)) {
            return;
        }
        long rank = (long) config.rank(module.name());
        long inputDim = module.weights().get(0).getShape().get(1);
        long outputDim = module.weights().stream().mapToLong(w -> w.getShape().get(0)).sum();
        NDArray a = matrix(first, rank, inputDim);
        NDArray b = matrix(second, outputDim, rank);
        long from = 0;
        for (int part = 0; part < module.weights().size(); part++) {
            long to = from + module.weights().get(part).getShape().get(0);
            NDArray own = b.get("{}:{}", from, to);
            branches.put(
                    new Place(module.name(), part),
                    new Branch(a, own, config.scale(module.name())));
            from = to;
        }
    }

    private NDArray matrix(String name, long rows, long columns)
            throws IOException, MalformedModelException {
        if (!file.names().contains(name)) {
            throw malformed(name, "is missing");
        }
        Shape expected = new Shape(rows, columns);
        if (!file.shape(name).equals(expected)) {
            throw malformed(
                    name,
                    "has shape %s, but %s and the base make it %s"
                            .formatted(file.shape(name), AdapterConfig.FILE, expected));
        }
        return file.readFinite(manager, name);
    }

    /**
     * Gives each layer of a module its own rows of A, if no two use the same; so this library
     * writes them. Layers that use none are not adapted.
     */
    private void takeApart() {
        Map<Place, boolean[]> used = new LinkedHashMap<>();
        Map<String, int[]> counts = new LinkedHashMap<>();
        branches.forEach(
                (place, branch) -> {
                    boolean[] rows = branch.used();
                    used.put(place, rows);
                    int[] count = counts.computeIfAbsent(place.module, m -> new int[rows.length]);
                    IntStream.range(0, rows.length).forEach(i -> count[i] += rows[i] ? 1 : 0);
                });
        Set<String> joined = new HashSet<>();
        branches.keySet().stream().filter(p -> p.part > 0).forEach(p -> joined.add(p.module));
        boolean apart =
                joined.stream()
                        .map(counts::get)
                        .allMatch(
                                count ->
                                        IntStream.of(count).allMatch(n -> n < 2)
                                                && IntStream.of(count).sum() > 0);
        if (!apart) {
            return;
        }
        for (Place place : List.copyOf(branches.keySet())) {
            if (joined.contains(place.module)) {
                branches.compute(place, (p, branch) -> part(branch, used.get(place)));
            }
        }
    }

    private Branch part(Branch branch, boolean[] rows) {
        boolean any = IntStream.range(0, rows.length).anyMatch(i -> rows[i]);
        return any ? branch.only(rows, manager) : null;
    }

    private LoraConfig lora(Set<Role> targets) {
        int rank =
                (int)
                        branches.values().stream()
                                .mapToLong(b -> b.a.getShape().get(0))
                                .max()
                                .orElse(1);
        return new LoraConfig(
                rank, config.alphaOf(rank), config.dropout(), targets, config.rankStabilised());
    }

    /** Fills a layer, with zeros where its matrices are larger than those that were read. */
    private void set(LoraLinear layer, Branch branch) {
        NDArray a = layer.loraA().getArray();
        NDArray b = layer.loraB().getArray();
        try (NDScope scope = new NDScope()) {
            a.set(new NDIndex("..."), 0);
            b.set(new NDIndex("..."), 0);
            if (branch != null) {
                double factor = branch.scale / layer.config().scale();
                boolean isSame = Math.abs(factor - 1) < SAME;
                long rank = branch.a.getShape().get(0);
                a.set(new NDIndex(":{}", rank), branch.a);
                b.set(new NDIndex(":, :{}", rank), isSame ? branch.b : branch.b.mul(factor));
            }
        }
    }

    private MalformedModelException malformed(String tensor, String reason) {
        return new MalformedModelException(
                "%s: tensor %s %s".formatted(file.path(), tensor, reason));
    }
}
