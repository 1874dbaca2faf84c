package org.djlgpt.cli;

import org.djlgpt.nn.Autocast;

/** What linear layers and attention compute in. */
enum Precision {
    /** 32-bit floating point. */
    FP32,
    /** bfloat16, as PyTorch's autocast does. */
    BF16;

    Autocast scope() {
        return this == BF16 ? Autocast.bfloat16() : Autocast.float32();
    }
}
