package org.djlgpt.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;

import org.junit.jupiter.api.Test;

import java.util.concurrent.CompletableFuture;

class RecordingTest {

    @Test
    void offOnAnotherThreadRecordsNothing() {
        try (NDManager manager = ComputeDevice.newManager()) {
            NDArray x = manager.create(new float[] {1});
            x.setRequiresGradient(true);
            boolean recorded = CompletableFuture.supplyAsync(() -> recordsWhenOff(x)).join();
            assertFalse(recorded);
            try (Recording on = Recording.on()) {
                assertTrue(Recording.includes(x.mul(x)));
            }
        }
    }

    private static boolean recordsWhenOff(NDArray x) {
        try (Recording off = Recording.off()) {
            return Recording.includes(x.mul(x));
        }
    }

    @Test
    void settingIsPutBackAfterAnException() {
        boolean before = JniUtils.isGradMode();
        assertThrows(IllegalStateException.class, RecordingTest::failWhileRecording);
        assertEquals(before, JniUtils.isGradMode());
    }

    private static void failWhileRecording() {
        try (Recording on = Recording.on()) {
            throw new IllegalStateException("while recording");
        }
    }
}
