package org.djlgpt.bench;

import org.djlgpt.nn.Autocast;
import org.djlgpt.torch.PlainOperators;

/** What the library's blocks compute with. */
enum Operators {
    PLAIN,
    FLOAT32,
    BFLOAT16;

    /** A scope that ends without an exception. */
    @FunctionalInterface
    interface Scope extends AutoCloseable {

        @Override
        void close();
    }

    /** Lets this thread compute with these until the scope is closed. */
    Scope use() {
        return switch (this) {
            case PLAIN -> new PlainOperators()::close;
            case FLOAT32 -> Autocast.float32()::close;
            case BFLOAT16 -> Autocast.bfloat16()::close;
        };
    }
}
