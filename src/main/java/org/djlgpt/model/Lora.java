package org.djlgpt.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import ai.djl.training.initializer.Initializer;
import ai.djl.util.Pair;

import org.djlgpt.nn.Embedding;
import org.djlgpt.nn.IllegalParameterException;
import org.djlgpt.nn.Layers;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.Linear;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.nn.LoraLinear;
import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.Recording;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Low-rank adapters for models (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models",
 * 2021): a model of which only a few numbers beside the layers' weights learn.
 *
 * <pre>{@code
 * GptModel base = ModelDirectory.load(folder, manager);
 * GptModel adapted = Lora.adapt(base, LoraConfig.builder().setRank(16).build(), manager);
 * // train it as any model; then save the adapter with AdapterDirectory, or
 * GptModel plain = Lora.merge(adapted, manager);
 * }</pre>
 *
 * <p>All models that come from a base share its arrays, so that any number of adapters take the
 * memory of one base, and a model with its adapter left out, as preference training compares with,
 * is the base itself. In return the base is frozen: its parameters require no gradient. And closing
 * or reloading the parameters of one closes them for all.
 */
public final class Lora {

    private Lora() {}

    /**
     * Puts a new adapter on a model, which then computes what it did before.
     *
     * @param <M> what kind of model it is
     * @param base an initialized model without an adapter; it is frozen
     * @param config what the adapter is like
     * @param manager owns the adapter, and nothing of the base
     * @return a model on the base's arrays, whose only trainable parameters are the adapter's and,
     *     of a classifier, a copy of its head
     * @throws IllegalArgumentException if the base has an adapter or lacks a target, or the rank
     *     exceeds the width of a layer; the base is as it was then
     */
    public static <M extends GptTrunk> M adapt(M base, LoraConfig config, NDManager manager) {
        if (config(base).isPresent()) {
            throw new IllegalArgumentException(
                    "the model has an adapter; put the other one on its base, or merge this one");
        }
        requireTargets(base.config(), config);
        M adapted = outline(base, Layers.lora(Layers.pytorch(), config));
        base.freezeParameters(true);
        ParameterList parameters = adapted.getParameters();
        for (Pair<String, Parameter> shared : base.getParameters()) {
            share(shared.getValue().getArray(), parameters.get(shared.getKey()));
        }
        if (adapted instanceof SequenceClassifier classifier) {
            retrain(classifier.score().weight());
        }
        return initialized(adapted, type(base), manager);
    }

    @SuppressWarnings("unchecked")
    private static <M extends GptTrunk> M outline(M model, Layers layers) {
        return (M) model.outline(layers);
    }

    /** Lets a parameter that is to share an array have a copy that is trained, as PEFT's heads. */
    private static void retrain(Parameter head) {
        Initializer shared = head.getInitializer();
        head.freeze(false);
        head.setInitializer(
                (owner, shape, type) -> {
                    NDArray array = shared.initialize(owner, shape, type);
                    NDArray copy =
                            BFloat16.is(array) ? BFloat16.toFloat32(array) : array.duplicate();
                    copy.attach(owner);
                    NDScope.unregister(copy);
                    return copy;
                });
    }

    /** Refuses a layer that a model does not have: GPT-2 has no gate. */
    private static void requireTargets(GptConfig size, LoraConfig config) {
        for (Role role : config.targets()) {
            LoraConfig one = LoraConfig.builder().setRank(1).optTargets(Set.of(role)).build();
            if (parameterCount(size, one) == 0) {
                throw new IllegalParameterException(
                        "{loraTargets} has "
                                + role
                                + ", but the model has no such layer; leave it out");
            }
        }
    }

    /**
     * Counts the numbers of an adapter, without a classifier's head.
     *
     * @param size the model's configuration
     * @param config what the adapter is like
     * @return how many numbers are trained
     * @throws IllegalArgumentException if the rank exceeds the width of a layer
     */
    public static long parameterCount(GptConfig size, LoraConfig config) {
        GptModel outline = new GptModel(size, Layers.lora(Layers.pytorch(), config));
        return LoraLinear.byWeight(outline).values().stream()
                .flatMap(layer -> Stream.of(layer.loraA(), layer.loraB()))
                .mapToLong(parameter -> parameter.getShape().size())
                .sum();
    }

    /**
     * Makes a plain model that computes what an adapted one computes without dropout. It shares
     * what the adapter leaves as it is, and is therefore frozen, too; to train it, save and load
     * it.
     *
     * @param <M> what kind of model it is
     * @param model an initialized model
     * @param manager owns the weights that differ from the base's
     * @return a model of plain float32 layers; the model itself if it is one
     */
    public static <M extends GptTrunk> M merge(M model, NDManager manager) {
        Map<Parameter, LoraLinear> adapted = LoraLinear.byWeight(model);
        if (adapted.isEmpty() && !BFloat16.is(model.tokenEmbedding().weight().getArray())) {
            return model;
        }
        M plain = outline(model, Layers.pytorch());
        ParameterList parameters = model.getParameters();
        for (Pair<String, Parameter> named : plain.getParameters()) {
            Parameter parameter = parameters.get(named.getKey());
            LoraLinear layer = adapted.get(parameter);
            NDArray value =
                    layer == null
                            ? widened(parameter.getArray(), manager)
                            : layer.mergedWeight(manager);
            share(value, named.getValue());
        }
        return initialized(plain, type(model), manager);
    }

    /**
     * Returns what a model's adapter is like.
     *
     * @param model any model
     * @return the configuration, or nothing if it has no adapter
     */
    public static Optional<LoraConfig> config(GptTrunk model) {
        return LoraLinear.byWeight(model).values().stream().findAny().map(LoraLinear::config);
    }

    /**
     * Keeps the weights of a model's linear layers and its token embedding in bfloat16 from now on,
     * in half of the memory. The model is frozen; it computes, as do models with an adapter on it,
     * but its products pay only inside {@link org.djlgpt.nn.Autocast#bfloat16()}: outside, every
     * pass widens the weights anew. DJL's {@code Model.save} refuses it; {@code ModelDirectory}
     * writes it in float32.
     *
     * @param base an initialized float32 model of the PyTorch engine
     */
    public static void freezeInBFloat16(GptTrunk base) {
        base.freezeParameters(true);
        try (Recording off = Recording.off()) {
            round(base);
        }
    }

    private static void round(Block block) {
        if (block instanceof Linear layer) {
            round(layer.weight());
        } else if (block instanceof Embedding table) {
            round(table.weight());
        }
        block.getChildren().values().forEach(Lora::round);
    }

    private static void round(Parameter parameter) {
        NDArray wide = parameter.getArray();
        NDManager owner = wide.getManager();
        NDArray narrow = BFloat16.from(wide);
        narrow.attach(owner);
        NDScope.unregister(narrow);
        parameter.close();
        share(narrow, parameter);
        parameter.initialize(owner, DataType.FLOAT32);
    }

    private static NDArray widened(NDArray array, NDManager manager) {
        if (!BFloat16.is(array)) {
            return array;
        }
        NDArray wide = BFloat16.toFloat32(array);
        wide.attach(manager);
        NDScope.unregister(wide);
        return wide;
    }

    /** Lets a parameter be an array that is there, once it is initialized. */
    private static void share(NDArray array, Parameter parameter) {
        parameter.freeze(true);
        parameter.setInitializer((owner, shape, type) -> array);
    }

    /** Returns the type that a model on the arrays of another is initialized with. */
    static DataType type(GptTrunk model) {
        DataType type = model.tokenEmbedding().weight().getArray().getDataType();
        return type == DataType.FLOAT64 ? type : DataType.FLOAT32;
    }

    private static <M extends GptTrunk> M initialized(M model, DataType type, NDManager manager) {
        model.initialize(manager, type, new Shape(1, model.config().contextLength()));
        return model;
    }
}
