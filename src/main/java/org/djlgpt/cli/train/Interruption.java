package org.djlgpt.cli.train;

import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Makes Ctrl-C (SIGINT) and a request to end (SIGTERM) ask for a stop rather than end the process;
 * a second one ends it at once.
 *
 * <p>A shutdown hook could not hear of the second. {@code sun.misc.Signal} is in the module {@code
 * jdk.unsupported}, which compilers warn of, hence the reflection; on a Java without it, or with
 * {@code -Xrs}, signals do what they always do.
 */
final class Interruption implements AutoCloseable {

    private static final Map<String, Integer> SIGNALS = Map.of("INT", 2, "TERM", 15);
    private static final int SIGNALLED = 128;

    private final Runnable stop;
    private final Map<Object, Object> handlersBefore = new LinkedHashMap<>();
    private volatile int exitCode;

    /**
     * Starts to listen.
     *
     * @param stop called on the first signal, by another thread
     */
    Interruption(Runnable stop) {
        this.stop = stop;
        for (Map.Entry<String, Integer> signal : SIGNALS.entrySet()) {
            listen(signal.getKey(), signal.getValue());
        }
    }

    private void listen(String name, int number) {
        try {
            Class<?> type = Class.forName("sun.misc.SignalHandler");
            Object handler =
                    Proxy.newProxyInstance(
                            type.getClassLoader(),
                            new Class<?>[] {type},
                            (proxy, method, arguments) -> {
                                onSignal(SIGNALLED + number);
                                return null;
                            });
            Object signal =
                    Class.forName("sun.misc.Signal").getConstructor(String.class).newInstance(name);
            handlersBefore.put(signal, handle(signal, handler));
        } catch (ReflectiveOperationException e) {
            // the process ends as it would have
        }
    }

    private static Object handle(Object signal, Object handler)
            throws ReflectiveOperationException {
        return signal.getClass()
                .getMethod("handle", signal.getClass(), Class.forName("sun.misc.SignalHandler"))
                .invoke(null, signal, handler);
    }

    private void onSignal(int code) {
        if (exitCode != 0) {
            Runtime.getRuntime().halt(code);
        }
        exitCode = code;
        stop.run();
    }

    /** Returns what the process should exit with: 130 or 143 after a signal, 0 without. */
    int exitCode() {
        return exitCode;
    }

    /** Puts back what signals did before. */
    @Override
    public void close() {
        handlersBefore.forEach(
                (signal, handler) -> {
                    try {
                        handle(signal, handler);
                    } catch (ReflectiveOperationException e) {
                        throw new IllegalStateException("a signal was handled, now can't be", e);
                    }
                });
    }
}
