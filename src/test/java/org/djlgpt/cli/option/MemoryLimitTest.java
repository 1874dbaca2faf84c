package org.djlgpt.cli.option;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.djlgpt.model.Gpt2Config;
import org.junit.jupiter.api.Test;

class MemoryLimitTest {

    private static final double GIB = 1L << 30;

    @Test
    void gpt2SmallNeedsSomewhatLessThanTwoGibibytesToTrain() {
        // four float32 copies of 124.4 million parameters are 1.85 GiB; one short window adds
        // little
        Gpt2Config size = Gpt2Config.small();

        assertDoesNotThrow(
                () -> new MemoryLimit(2.5 * GIB).requireTraining(size, 1, size.parameterCount()));
        assertThrows(
                IllegalArgumentException.class,
                () -> new MemoryLimit(1.8 * GIB).requireTraining(size, 1, size.parameterCount()));
    }

    @Test
    void anAdapterNeedsOneCopy() {
        Gpt2Config size = Gpt2Config.small();

        assertDoesNotThrow(() -> new MemoryLimit(0.9 * GIB).requireTraining(size, 1, 589_824));
        assertThrows(
                IllegalArgumentException.class,
                () -> new MemoryLimit(0.45 * GIB).requireTraining(size, 1, 589_824));
    }

    @Test
    void aForwardPassNeedsOneCopy() {
        Gpt2Config size = Gpt2Config.small();

        assertDoesNotThrow(() -> new MemoryLimit(0.5 * GIB).requireForward(size, 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> new MemoryLimit(0.45 * GIB).requireForward(size, 1));
    }

    @Test
    void batchesCount() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new MemoryLimit(16 * GIB).requireTraining(Gpt2Config.small(), 1000, 0));
    }

    @Test
    void sizesThatOverflowIntegersAreTold() {
        Gpt2Config size =
                Gpt2Config.builder()
                        .setVocabSize(Integer.MAX_VALUE)
                        .setContextLength(Integer.MAX_VALUE)
                        .setEmbeddingDim(Integer.MAX_VALUE)
                        .setNumHeads(1)
                        .setNumLayers(Integer.MAX_VALUE)
                        .build();

        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> new MemoryLimit(24 * GIB).requireTraining(size, Long.MAX_VALUE, 0));

        assertTrue(refused.getMessage().contains("but this machine has 24.0"));
        assertTrue(refused.getMessage().contains("smaller --embedding-dim"));
    }
}
