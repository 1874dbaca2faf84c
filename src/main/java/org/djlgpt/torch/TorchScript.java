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
 * does. Calls from several threads are safe.
 */
final class TorchScript {

    private static final List<String> KERNEL_SOURCES =
            List.of(
                    "adamw",
                    "attention",
                    "decoder",
                    "gradients",
                    "layers",
                    "loss",
                    "precision",
                    "sampling");

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
                    compiled = compile(readKernelSources());
                    kernels = compiled;
                }
            }
        }
        return compiled;
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
     *     Double}, a {@code Long} or a {@code Boolean}; at least one array
     * @return the result, owned by the manager of the first array
     */
    NDArray call(String function, Object... arguments) {
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
    NDList callForList(String function, Object... arguments) {
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
    boolean test(String function, Object... arguments) {
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
    void execute(String function, Object... arguments) {
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

    private static Map<String, String> readKernelSources() {
        Map<String, String> sources = new LinkedHashMap<>();
        for (String name : KERNEL_SOURCES) {
            try (InputStream source = TorchScript.class.getResourceAsStream(name + ".py")) {
                if (source == null) {
                    throw new IllegalStateException(
                            "kernel source %s.py is missing beside %s; the jar is incomplete"
                                    .formatted(name, TorchScript.class.getName()));
                }
                sources.put(name, new String(source.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return sources;
    }
}
