package org.djlgpt.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;

class NativeMemoryTest {

    @Test
    void settingsAreMadeOnceAndDescribed() {
        NativeMemory.keep();
        String first = NativeMemory.describe();
        NativeMemory.keep();
        assertEquals(first, NativeMemory.describe());
        assertFalse(first.contains("not configured"), first);
    }
}
