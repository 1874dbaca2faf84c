package org.djlgpt.training;

import java.io.IOException;
import java.util.List;

/**
 * Who hears of a training, and what happens when one of them can't write.
 *
 * @param listeners called in this order
 * @param failures decides whether the training goes on
 */
record Listeners(List<TrainingLoopListener> listeners, WriteFailureHandler failures) {

    /** Something to hear. */
    interface Message {
        void to(TrainingLoopListener listener) throws IOException;
    }

    /** Something that a full disk prevents. */
    interface Write {
        void run() throws IOException;
    }

    void tell(Message message) throws IOException {
        for (TrainingLoopListener listener : listeners) {
            attempt(() -> message.to(listener));
        }
    }

    void attempt(Write write) throws IOException {
        try {
            write.run();
        } catch (IOException e) {
            failures.onFailure(e);
        }
    }
}
