package org.djlgpt.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThreadsTest {

    private final int before = Threads.count();

    @AfterEach
    void restore() {
        Threads.use(before);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void operatorsUseAsManyAsTheyAreTold(int count) {
        Threads.use(count);
        assertEquals(count, Threads.count());
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, 0, 1025, Integer.MAX_VALUE})
    void numbersThatEndTheProcessAreRefused(int count) {
        RuntimeException refused =
                assertThrows(IllegalArgumentException.class, () -> Threads.use(count));
        assertTrue(refused.getMessage().startsWith("threads=" + count), refused.getMessage());
    }
}
