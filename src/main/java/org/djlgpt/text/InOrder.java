package org.djlgpt.text;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Applies a function to what an iterator gives, to several elements at a time on threads of its
 * own, and gives the results in the order of the elements. It takes few elements more than results
 * were asked for. The threads end when there is nothing left to do, also if nobody asks any more.
 *
 * @param <T> what the function takes
 * @param <R> what it gives
 */
public final class InOrder<T, R> implements Iterator<R> {

    private static final int WAITING_PER_THREAD = 3;

    private final Iterator<T> elements;
    private final Function<T, R> function;
    private final ThreadPoolExecutor threads; // null for the caller's
    private final int most;
    private final Queue<Future<R>> running = new ArrayDeque<>();

    /**
     * Makes the iterator.
     *
     * @param elements what the function is applied to; asked on the caller's thread
     * @param function is applied on several threads at once; what it throws, {@link #next} throws
     * @param numThreads how many threads, at least 1; 1 for the caller's
     */
    public InOrder(Iterator<T> elements, Function<T, R> function, int numThreads) {
        this.elements = elements;
        this.function = function;
        most = WAITING_PER_THREAD * numThreads;
        threads = numThreads == 1 ? null : pool(numThreads);
    }

    private static ThreadPoolExecutor pool(int numThreads) {
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(
                        numThreads,
                        numThreads,
                        1,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        task -> {
                            Thread thread = new Thread(task, "text");
                            thread.setDaemon(true);
                            return thread;
                        });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    @Override
    public boolean hasNext() {
        return !running.isEmpty() || elements.hasNext();
    }

    @Override
    public R next() {
        if (!hasNext()) {
            throw new NoSuchElementException("there are no more results");
        }
        if (threads == null) {
            return function.apply(elements.next());
        }
        while (running.size() < most && elements.hasNext()) {
            T element = elements.next();
            running.add(threads.submit(() -> function.apply(element)));
        }
        return result(running.remove());
    }

    private static <R> R result(Future<R> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a text was read", e);
        }
    }
}
