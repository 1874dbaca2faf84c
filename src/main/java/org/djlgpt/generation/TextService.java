package org.djlgpt.generation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Writes for whoever asks, whenever they ask, the texts side by side: a request joins those on
 * their way as soon as there is a place, see {@link TextGenerator.Builder#optPlaces}. Any thread
 * may ask; an exception of a sampler ends every text on its way.
 *
 * <pre>{@code
 * try (TextService service = new TextService(generator)) {
 *     CompletableFuture<Continuation> text = service.submit(generator.request("import ").build());
 *     System.out.println(text.join().text());
 * }
 * }</pre>
 */
public final class TextService implements AutoCloseable {

    private final TextGenerator generator;
    private final Thread writer = new Thread(this::write, "djl-gpt-writer");
    private final Queue<Order> waiting = new ArrayDeque<>();
    private boolean closed;

    /**
     * Starts the thread that writes.
     *
     * @param generator says how; it stays the caller's
     */
    public TextService(TextGenerator generator) {
        this.generator = generator;
        writer.setDaemon(true);
        writer.start();
    }

    /**
     * Asks for a text.
     *
     * @param request what to write
     * @return the text, when it has ended; whoever cancels it ends it
     * @throws IllegalArgumentException if the tokenizer does not know a character of the prompt, or
     *     the prompt is empty
     * @throws IllegalStateException if the service is closed
     */
    public CompletableFuture<Continuation> submit(TextRequest request) {
        return submit(request, piece -> {});
    }

    /**
     * Asks for a text, and hears it grow.
     *
     * @param request what to write
     * @param listener takes each piece of the new text, between characters, on the thread that
     *     writes; the text ends with its exception
     * @return the text, when it has ended; whoever cancels it ends it
     * @throws IllegalArgumentException as {@link #submit(TextRequest)}
     * @throws IllegalStateException if the service is closed
     */
    public CompletableFuture<Continuation> submit(TextRequest request, Consumer<String> listener) {
        Order order = new Order(generator.row(request), listener);
        synchronized (waiting) {
            if (closed) {
                throw new IllegalStateException("the service is closed; make another one");
            }
            waiting.add(order);
            waiting.notifyAll();
        }
        return order.result;
    }

    private void write() {
        List<Order> running = new ArrayList<>();
        try (Decoding decoding = generator.start()) {
            while (admit(running, decoding)) {
                try {
                    decoding.next();
                } catch (RuntimeException e) { // a sampler's
                    running.forEach(order -> order.result.completeExceptionally(e));
                }
                running.removeIf(order -> order.hasEnded(decoding));
            }
        }
        running.forEach(Order::finish);
        waiting.forEach(Order::finish);
    }

    /** Waits for something to write, and returns whether there may be more. */
    private boolean admit(List<Order> running, Decoding decoding) {
        synchronized (waiting) {
            try {
                while (!closed && running.isEmpty() && waiting.isEmpty()) {
                    waiting.wait();
                }
            } catch (InterruptedException e) {
                closed = true;
            }
            while (running.size() < generator.places() && !waiting.isEmpty()) {
                Order order = waiting.remove();
                decoding.add(order.text.tokens());
                running.add(order);
            }
            return !closed;
        }
    }

    /** Ends all texts where they are, and waits until that is done. */
    @Override
    public void close() {
        synchronized (waiting) {
            closed = true;
            waiting.notifyAll();
        }
        boolean interrupted = false;
        while (writer.isAlive()) {
            try {
                writer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** A text that was asked for. */
    private static final class Order {

        private final TextRow text;
        private final Consumer<String> listener;
        private final StringBuilder written = new StringBuilder();
        private final CompletableFuture<Continuation> result = new CompletableFuture<>();

        Order(TextRow text, Consumer<String> listener) {
            this.text = text;
            this.listener = listener;
        }

        /** Passes on what is new, and returns whether no more comes. */
        boolean hasEnded(Decoding decoding) {
            if (text.tokens().hasEnded()) {
                finish();
            } else if (!result.isDone()) {
                try {
                    passOn();
                } catch (RuntimeException e) {
                    result.completeExceptionally(e);
                }
            }
            if (result.isDone()) {
                decoding.remove(text.tokens());
            }
            return result.isDone();
        }

        void finish() {
            try {
                text.finish();
                passOn();
                result.complete(new Continuation(written.toString(), text.report()));
            } catch (RuntimeException e) {
                result.completeExceptionally(e);
            }
        }

        private void passOn() {
            while (!text.pieces().isEmpty()) {
                String piece = text.pieces().remove();
                written.append(piece);
                listener.accept(piece);
            }
        }
    }
}
