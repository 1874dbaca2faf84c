package org.djlgpt.training;

import java.io.IOException;
import java.util.List;

/**
 * Who hears of a training, and what happens when one of them can't write.
 *
 * @param listeners called in this order
 * @param failures decides whether the training goes on
 */
public record Listeners(List<TrainingLoopListener> listeners, WriteFailureHandler failures) {

    /** Something to hear. */
    @FunctionalInterface
    public interface Message {

        /**
         * Tells it.
         *
         * @param listener who hears
         * @throws IOException if the listener can't write
         */
        void to(TrainingLoopListener listener) throws IOException;
    }

    /** Something that a full disk prevents. */
    @FunctionalInterface
    public interface Write {

        /**
         * Does it.
         *
         * @throws IOException if it fails
         */
        void run() throws IOException;
    }

    /**
     * Tells all listeners.
     *
     * @param message what
     * @throws IOException if a listener can't write, and the training is not to go on then
     */
    public void tell(Message message) throws IOException {
        for (TrainingLoopListener listener : listeners) {
            attempt(() -> message.to(listener));
        }
    }

    /**
     * Tries to write.
     *
     * @param write what
     * @throws IOException if it fails, and the training is not to go on then
     */
    public void attempt(Write write) throws IOException {
        try {
            write.run();
        } catch (IOException e) {
            failures.onFailure(e);
        }
    }
}
