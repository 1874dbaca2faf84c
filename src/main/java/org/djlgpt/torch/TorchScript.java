package org.djlgpt.torch;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtEngine;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Compiled TorchScript functions.
 *
 * <p>A call behaves like any other operator of the engine: it records gradients when the thread
 * does. Calls from several threads are safe. Check arrays with {@link Argument} before a call: what
 * does not fit can end the process.
 */
public final class TorchScript {

    private static final List<String> KERNEL_SOURCES =
            List.of("adamw", "attention", "gradients", "layers", "loss", "precision", "sampling");

    private static final String ONEDNN = "onednn";

    /** {@code false} takes libtorch for one without oneDNN, as that for macOS on ARM is. */
    private static final String ONEDNN_PROPERTY = "djlgpt.onednn";

    private static volatile TorchScript kernels;

    private final PtSymbolBlock module;

    private TorchScript(PtSymbolBlock module) {
        this.module = module;
    }

    /**
     * Returns the library's kernels, compiled on the first call.
     *
     * @return the functions in the resources of this package
     */
    static TorchScript kernels() {
        TorchScript compiled = kernels;
        if (compiled == null) {
            synchronized (TorchScript.class) {
                compiled = kernels;
                if (compiled == null) {
                    compiled = compileWithKernels(Map.of());
                    kernels = compiled;
                }
            }
        }
        return compiled;
    }

    /**
     * Compiles functions of resources, which may call the library's kernels, {@code
     * __torch__.attention} for instance, and each other by the names of their files.
     *
     * @param beside a class whose package has the sources
     * @param names the names of their files without the extension {@code .py}; every function in
     *     them whose name does not start with an underscore can be called
     * @return the compiled functions
     * @throws IllegalArgumentException if a source has an error; the message names file and line
     */
    public static TorchScript of(Class<?> beside, String... names) {
        return compileWithKernels(read(beside, List.of(names)));
    }

    private static TorchScript compileWithKernels(Map<String, String> more) {
        Map<String, String> sources = read(TorchScript.class, KERNEL_SOURCES);
        sources.putAll(more);
        if (Boolean.parseBoolean(System.getProperty(ONEDNN_PROPERTY, "true"))) {
            sources.putAll(read(TorchScript.class, List.of(ONEDNN)));
            try {
                return compile(sources);
            } catch (IllegalArgumentException e) {
                if (!e.getMessage().contains("Unknown builtin op: mkldnn::")) {
                    throw e;
                }
            }
        }
        String standIn = "without_onednn";
        sources.put(ONEDNN, read(TorchScript.class, List.of(standIn)).get(standIn));
        return compile(sources);
    }

    /**
     * Compiles functions.
     *
     * @param sources the text of each source file by its name without extension
     * @return the compiled functions
     * @throws IllegalArgumentException if a source has an error; the message names file and line
     */
    static TorchScript compile(Map<String, String> sources) {
        byte[] archive = ScriptArchive.of(sources);
        PtNDManager manager = (PtNDManager) NDManager.newBaseManager(PtEngine.ENGINE_NAME);
        try {
            return new TorchScript(
                    JniUtils.loadModule(manager, new ByteArrayInputStream(archive), false, false));
        } catch (EngineException e) {
            manager.close();
            throw new IllegalArgumentException("TorchScript source: " + e.getMessage().strip(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Calls a function that returns one tensor.
     *
     * @param function the function's name
     * @param arguments for each parameter a {@link PtNDArray}, a {@code List} of them, a {@code
     *     Double}, a {@code Long}, a {@code Boolean}, a {@code String} or a {@code long[]}; at
     *     least one array
     * @return the result, owned by the manager of the first array
     */
    public NDArray call(String function, Object... arguments) {
        try (IValue result = run(function, arguments)) {
            return result.toTensor(managerOf(arguments));
        }
    }

    /**
     * Calls a function that returns a tuple or list of tensors.
     *
     * @param function the function's name
     * @param arguments as for {@link #call}
     * @return the results, owned by the manager of the first array
     */
    public NDList callForList(String function, Object... arguments) {
        try (IValue result = run(function, arguments)) {
            return result.toNDList(managerOf(arguments));
        }
    }

    /**
     * Calls a function that answers yes or no.
     *
     * @param function the function's name
     * @param arguments as for {@link #call}
     * @return the answer
     */
    public boolean test(String function, Object... arguments) {
        try (IValue result = run(function, arguments)) {
            return result.toBoolean();
        }
    }

    /**
     * Calls a function that changes its arguments, without recording gradients.
     *
     * @param function the function's name
     * @param arguments as for {@link #call}
     */
    public void execute(String function, Object... arguments) {
        try (Recording off = Recording.off()) {
            run(function, arguments).close();
        }
    }

    private IValue run(String function, Object... arguments) {
        IValue[] values = new IValue[arguments.length];
        try {
            for (int i = 0; i < arguments.length; i++) {
                values[i] = toValue(arguments[i]);
            }
            return NativeCall.invoke(module, function, values);
        } finally {
            for (IValue value : values) {
                if (value != null) {
                    value.close();
                }
            }
        }
    }

    private static IValue toValue(Object argument) {
        if (argument instanceof PtNDArray array) {
            return IValue.from(array);
        } else if (argument instanceof List<?> arrays) {
            return IValue.listFrom(arrays.toArray(PtNDArray[]::new));
        } else if (argument instanceof Double value) {
            return IValue.from(value.doubleValue());
        } else if (argument instanceof Long value) {
            return IValue.from(value.longValue());
        } else if (argument instanceof Boolean value) {
            return IValue.from(value.booleanValue());
        } else if (argument instanceof String value) {
            return IValue.from(value);
        } else if (argument instanceof long[] values) {
            return IValue.listFrom(values);
        }
        throw new IllegalArgumentException("no TorchScript type for " + argument);
    }

    private static PtNDManager managerOf(Object... arguments) {
        for (Object argument : arguments) {
            Object first = argument instanceof List<?> arrays ? arrays.get(0) : argument;
            if (first instanceof PtNDArray array) {
                return array.getManager();
            }
        }
        throw new IllegalArgumentException("a kernel needs at least one array to know the manager");
    }

    private static Map<String, String> read(Class<?> beside, List<String> names) {
        Map<String, String> sources = new LinkedHashMap<>();
        for (String name : names) {
            try (InputStream source = beside.getResourceAsStream(name + ".py")) {
                if (source == null) {
                    throw new IllegalStateException(
                            "kernel source %s.py is missing beside %s; the jar is incomplete"
                                    .formatted(name, beside.getName()));
                }
                sources.put(name, new String(source.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return sources;
    }
}
