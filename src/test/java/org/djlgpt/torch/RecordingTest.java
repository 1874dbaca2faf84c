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
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            NDArray x = manager.create(new float[] {1});
            x.setRequiresGradient(true);
            boolean recorded =
                    CompletableFuture.supplyAsync(
                                    () -> Recording.off(() -> Recording.includes(x.mul(2))))
                            .join();
            assertFalse(recorded);
            assertTrue(Recording.on(() -> Recording.includes(x.mul(2))));
        }
    }

    @Test
    void settingIsPutBackAfterAnException() {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            boolean before = JniUtils.isGradMode();
            assertThrows(
                    IllegalStateException.class,
                    () ->
                            Recording.on(
                                    () -> {
                                        throw new IllegalStateException(manager.getName());
                                    }));
            assertEquals(before, JniUtils.isGradMode());
        }
    }
}
