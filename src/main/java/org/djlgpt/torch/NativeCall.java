package org.djlgpt.torch;

import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The engine's native entry to a TorchScript method.
 *
 * <p>The engine has two public ways there. One takes any kind of value, but always runs in
 * inference mode, whose results can't take part in a later backward pass. The other records
 * gradients, but takes the method's name and the grouping of lists from the names of the arrays, so
 * it would have to rename arrays that other threads share, and a parameter named {@code a.b} would
 * arrive as a dictionary. The native method below both of them has neither flaw.
 */
final class NativeCall {

    /** DJL's own switch of what is put back after each call. */
    private static final boolean GRAPH_OPTIMIZER =
            Boolean.parseBoolean(System.getProperty("ai.djl.pytorch.graph_optimizer", "true"));

    private static final MethodHandle RUN_METHOD;
    private static final MethodHandle NEW_VALUE;

    static {
        try {
            Class<?> library = Class.forName("ai.djl.pytorch.jni.PyTorchLibrary");
            MethodHandles.Lookup lookup =
                    MethodHandles.privateLookupIn(library, MethodHandles.lookup());
            MethodType signature =
                    MethodType.methodType(
                            long.class,
                            long.class,
                            String.class,
                            long[].class,
                            boolean.class,
                            boolean.class);
            RUN_METHOD =
                    lookup.findVirtual(library, "moduleRunMethod", signature)
                            .bindTo(lookup.findStaticGetter(library, "LIB", library).invoke());
            NEW_VALUE =
                    lookup.findConstructor(
                            IValue.class, MethodType.methodType(void.class, long.class));
        } catch (Throwable e) {
            throw new LinkageError(
                    "this version of ai.djl.pytorch:pytorch-engine has no moduleRunMethod as in"
                            + " 0.36.0; use that version",
                    e);
        }
        ProcessEnd.leaveLibrariesLoaded(); // there is a module to call, so libtorch is loaded
    }

    private NativeCall() {}

    /**
     * Runs a method of a module as an operator that records gradients when the thread does.
     *
     * <p>The graph optimizer is off during the call: it would specialise the function to the shapes
     * of the first calls and replace libtorch's gradients by its own, which fail where a function
     * computes in two types, and it gains nothing on a few large operators. Afterwards it is on, as
     * libtorch has it by default.
     *
     * @param module the module
     * @param method the method's name
     * @param arguments its arguments
     * @return its result, to be closed
     */
    static IValue invoke(PtSymbolBlock module, String method, IValue... arguments) {
        long[] handles = new long[arguments.length];
        for (int i = 0; i < handles.length; i++) {
            handles[i] = arguments[i].getHandle();
        }
        long pointer = module.getHandle();
        JniUtils.setGraphExecutorOptimize(false);
        try {
            long result = (long) RUN_METHOD.invokeExact(pointer, method, handles, true, false);
            return (IValue) NEW_VALUE.invokeExact(result);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(method, e);
        } finally {
            JniUtils.setGraphExecutorOptimize(GRAPH_OPTIMIZER);
        }
    }
}
