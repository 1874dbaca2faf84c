package org.djlgpt.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;

import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.Test;

import java.util.concurrent.CompletableFuture;

class DeferredChecksTest {

    @Test
    void theScopeIsOneThreadsAndEndsWithTheOutermost() {
        assertFalse(DeferredChecks.isOpen());
        try (DeferredChecks outer = DeferredChecks.open()) {
            try (DeferredChecks inner = DeferredChecks.open()) {
                assertTrue(DeferredChecks.isOpen());
            }
            assertTrue(DeferredChecks.isOpen());
            assertFalse(CompletableFuture.supplyAsync(DeferredChecks::isOpen).join());
        }
        assertFalse(DeferredChecks.isOpen());
    }

    /** On a CPU that costs nothing; on a GPU the word's vector is NaN. */
    @Test
    void anUnknownIdIsNeverTakenForAnother() {
        try (NDManager manager = ComputeDevice.newManager();
                DeferredChecks scope = DeferredChecks.open()) {
            Embedding table = new Embedding(3, 2);
            table.initialize(manager, DataType.FLOAT32, new Shape(1));
            Pass pass = new Pass(new ParameterStore(manager, false), false);
            NDArray ids = manager.create(new long[] {2, 3});

            if (manager.getDevice().isGpu()) {
                NDArray found = pass.through(ids, table); // (2, 2)
                assertTrue(Float.isNaN(found.getFloat(1, 0)));
                assertEquals(table.weight().getArray().getFloat(2, 1), found.getFloat(0, 1));
            } else {
                Exception refused =
                        assertThrows(
                                IllegalArgumentException.class, () -> pass.through(ids, table));
                assertTrue(refused.getMessage().startsWith("token id 3 at position 1"));
            }
        }
    }
}
