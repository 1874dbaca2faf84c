package org.djlgpt.cli;

import ai.djl.Device;

import org.djlgpt.nn.Autocast;
import org.djlgpt.torch.BFloat16;

/** What linear layers and attention compute in. */
enum Precision {
    /** 32-bit floating point. */
    FP32,
    /** bfloat16, as PyTorch's autocast does. */
    BF16;

    /** Refuses a device that would take many times as long as in float32, before work begins. */
    void requireFastOn(Device device) {
        try {
            if (this == BF16) {
                BFloat16.requireFastOn(device);
            }
        } catch (UnsupportedOperationException e) {
            throw new IllegalArgumentException("--precision bf16: " + e.getMessage(), e);
        }
    }

    Autocast scope() {
        return this == BF16 ? Autocast.bfloat16() : Autocast.float32();
    }
}
