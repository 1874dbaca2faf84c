package org.djlgpt.nn;

import ai.djl.MalformedModelException;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import ai.djl.util.PairList;

import org.djlgpt.torch.BFloat16;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A block that takes one array and gives one.
 *
 * <p>It checks its input before native code sees it, and closes every array that {@link
 * #forward(NDArray, Pass)} made except the result: what autograd needs for the backward pass stays
 * alive without a handle in Java, so peak memory is what the computation needs and no more.
 */
public abstract class TensorBlock extends AbstractBlock {

    private static final String REMEDY = "; build the block as it was when it was saved";

    /** For subclasses. */
    protected TensorBlock() {}

    /**
     * Computes the output. Arrays made here are closed when it returns, the result excepted. Under
     * {@link Autocast} the result may be bfloat16.
     *
     * @param x the checked input
     * @param pass where parameter values come from
     * @return the output
     */
    protected abstract NDArray forward(NDArray x, Pass pass);

    /**
     * Checks the shape of an input.
     *
     * @param input the shape
     * @throws IllegalArgumentException if the block cannot take it
     */
    protected abstract void requireShape(Shape input);

    /**
     * Returns the shape of the output.
     *
     * @param input the checked shape of the input
     * @return the shape of the output
     */
    protected abstract Shape outputShape(Shape input);

    /**
     * Checks the type of an input: floating point, unless a subclass says otherwise.
     *
     * @param type the type
     * @throws IllegalArgumentException if the block cannot take it
     */
    protected void requireType(DataType type) {
        Checks.requireFloating(name(), type);
    }

    /**
     * Returns the block's name for messages.
     *
     * @return the simple name of the class
     */
    protected String name() {
        return getClass().getSimpleName();
    }

    @Override
    protected final NDList forwardInternal(
            ParameterStore parameters,
            NDList inputs,
            boolean training,
            PairList<String, Object> params) {
        requireOne(inputs);
        NDArray x = inputs.head();
        Pass pass = new Pass(parameters, training);
        try (DeferredChecks scope = training ? DeferredChecks.open() : null) {
            return new NDList(scoped(() -> BFloat16.widen(run(BFloat16.widen(x), pass)), x));
        } catch (EngineException e) {
            requireTypeOfParameters(x.getDataType(), e);
            throw e;
        }
    }

    /** Says what libtorch means where numbers of two types have met. */
    private void requireTypeOfParameters(DataType type, EngineException cause) {
        for (Pair<String, Parameter> parameter : getParameters()) {
            NDArray value = parameter.getValue().getArray();
            if (type.isFloating() && value.getDataType() != type) {
                throw new IllegalArgumentException(
                        "%s: input has type %s, but parameter %s is %s; convert the input with toType"
                                .formatted(name(), type, parameter.getKey(), value.getDataType()),
                        cause);
            }
        }
    }

    private void requireOne(NDList inputs) {
        if (inputs.size() != 1) {
            throw new IllegalArgumentException(
                    "%s takes 1 array, but got %d; pass one NDArray in the NDList"
                            .formatted(name(), inputs.size()));
        }
    }

    /** Checks the input, computes, and closes what the computation made except the result. */
    final NDArray run(NDArray x, Pass pass) {
        requireType(x.getDataType());
        requireShape(x.getShape());
        return scoped(() -> forward(x, pass), x);
    }

    /**
     * Computes, and closes every array that the computation made except the result.
     *
     * @param computation the computation
     * @param input an array that it may return as it is
     * @return the result
     */
    public static NDArray scoped(Supplier<NDArray> computation, NDArray input) {
        NDArray result;
        try (NDScope scope = new NDScope()) {
            result = computation.get();
            NDScope.unregister(result);
        }
        if (result != input) {
            NDScope.register(result); // now it belongs to the enclosing block, if there is one
        }
        return result;
    }

    @Override
    protected void beforeInitialize(Shape... inputShapes) {
        requireOne(inputShapes);
        requireShape(inputShapes[0]);
        super.beforeInitialize(inputShapes);
    }

    private void requireOne(Shape... inputShapes) {
        if (inputShapes.length != 1) {
            throw new IllegalArgumentException(
                    "%s takes 1 array, but is asked about %d; pass one Shape"
                            .formatted(name(), inputShapes.length));
        }
    }

    @Override
    public final Shape[] getOutputShapes(Shape[] inputShapes) {
        requireOne(inputShapes);
        requireShape(inputShapes[0]);
        return new Shape[] {outputShape(inputShapes[0])};
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the type is neither FLOAT32 nor FLOAT64, or the block
     *     does not take the shape
     */
    @Override
    public void initialize(NDManager manager, DataType dataType, Shape... inputShapes) {
        Checks.requireWeight(name(), dataType);
        super.initialize(manager, dataType, inputShapes);
    }

    /**
     * {@inheritDoc}
     *
     * @throws UnsupportedOperationException if a parameter is bfloat16, which DJL can't write;
     *     nothing is written then
     */
    @Override
    public void saveParameters(DataOutputStream os) throws IOException {
        for (Pair<String, Parameter> named : getParameters()) {
            Parameter parameter = named.getValue();
            if (parameter.isInitialized() && BFloat16.is(parameter.getArray())) {
                throw new UnsupportedOperationException(
                        "%s: parameter %s is bfloat16, which DJL can't write; write a float32 copy"
                                .formatted(name(), named.getKey()));
            }
        }
        super.saveParameters(os);
    }

    /**
     * {@inheritDoc}
     *
     * @throws MalformedModelException if the stream holds other parameters than the block has
     * @throws IOException if the stream ends too early; after either, the block is not initialized
     */
    @Override
    public void loadParameters(NDManager manager, DataInputStream is)
            throws IOException, MalformedModelException {
        Map<Parameter, Shape> expected = new LinkedHashMap<>();
        getParameters().values().forEach(p -> expected.put(p, p.getShape()));
        expected.keySet().forEach(Parameter::close);
        try {
            loadAll(manager, is);
            for (Parameter parameter : getDirectParameters().values()) {
                requireShape(parameter, expected.get(parameter));
                parameter.getArray().setRequiresGradient(parameter.requiresGradient());
            }
        } catch (IOException | MalformedModelException | RuntimeException e) {
            expected.forEach(TensorBlock::forget);
            throw e;
        }
    }

    private void loadAll(NDManager manager, DataInputStream is)
            throws IOException, MalformedModelException {
        try {
            super.loadParameters(manager, is);
        } catch (MalformedModelException e) {
            if (e.getMessage().endsWith(REMEDY)) {
                throw e; // a child has explained it
            }
            throw new MalformedModelException(
                    ("%s: the file goes on with something else than this block's parameters, as one"
                                    + " of a model with another number of layers does (%s)%s")
                            .formatted(name(), e.getMessage(), REMEDY),
                    e);
        }
    }

    private void requireShape(Parameter parameter, Shape expected) throws MalformedModelException {
        if (!parameter.getShape().equals(expected)) {
            throw new MalformedModelException(
                    "%s: parameter %s has shape %s in the file, but the block needs %s%s"
                            .formatted(
                                    name(),
                                    parameter.getName(),
                                    parameter.getShape(),
                                    expected,
                                    REMEDY));
        }
    }

    private static void forget(Parameter parameter, Shape shape) {
        parameter.close();
        parameter.setShape(shape);
    }
}
