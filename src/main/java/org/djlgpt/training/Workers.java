package org.djlgpt.training;

import org.djlgpt.nn.Autocast;
import org.djlgpt.torch.Threads;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * Threads that each compute a part of a batch by themselves, with a share of the processors. Where
 * operators are small, that takes less time than to spread each of them over all processors.
 */
final class Workers implements AutoCloseable {

    private final List<ExecutorService> threads = new ArrayList<>();
    private final int processors = Threads.count();
    private final int share; // of them

    /**
     * Starts the threads.
     *
     * @param count how many; one is the caller's own
     */
    Workers(int count) {
        share = Math.max(1, processors / count);
        for (int i = 0; count > 1 && i < count; i++) {
            ExecutorService thread = Executors.newSingleThreadExecutor(Workers::daemon);
            threads.add(thread);
            CompletableFuture.runAsync(() -> Threads.use(share), thread).join();
        }
        Threads.use(processors);
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "djl-gpt-worker");
        thread.setDaemon(true);
        return thread;
    }

    int count() {
        return Math.max(1, threads.size());
    }

    /**
     * Computes the parts, one on each thread, in the {@link Autocast} of the caller's.
     *
     * @param parts at most {@link #count()}
     * @return what they give, in their order, when all have ended
     */
    <T> List<T> compute(List<Supplier<T>> parts) {
        if (threads.isEmpty()) {
            return parts.stream().map(Supplier::get).toList();
        }
        Supplier<Autocast> here = Autocast.current();
        List<CompletableFuture<T>> results = new ArrayList<>();
        Threads.use(share); // the number for matrix products is the whole process's
        for (int i = 0; i < parts.size(); i++) {
            Supplier<T> part = parts.get(i);
            results.add(CompletableFuture.supplyAsync(() -> in(here, part), threads.get(i)));
        }
        try {
            CompletableFuture.allOf(results.toArray(CompletableFuture[]::new)).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw (Error) e.getCause();
        } finally {
            Threads.use(processors);
        }
        return results.stream().map(CompletableFuture::join).toList();
    }

    private static <T> T in(Supplier<Autocast> setting, Supplier<T> part) {
        try (Autocast scope = setting.get()) {
            return part.get();
        }
    }

    /** Ends the threads. */
    @Override
    public void close() {
        threads.forEach(ExecutorService::shutdown);
    }
}
