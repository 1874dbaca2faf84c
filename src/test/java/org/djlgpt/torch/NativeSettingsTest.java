package org.djlgpt.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;

class NativeSettingsTest {

    @Test
    void settingsAreMadeOnceAndDescribed() {
        NativeSettings.apply();
        String first = NativeSettings.describe();
        NativeSettings.apply();
        assertEquals(first, NativeSettings.describe());
        assertFalse(first.contains("not made"), first);
    }
}
