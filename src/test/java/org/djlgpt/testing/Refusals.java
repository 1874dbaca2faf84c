package org.djlgpt.testing;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** How bad arguments are turned away. */
public final class Refusals {

    private Refusals() {}

    /** Fails unless the action is refused with a message that holds every part. */
    public static void assertRefused(Executable action, String... parts) {
        assertRefused(IllegalArgumentException.class, action, parts);
    }

    /** Fails unless the action throws such an exception with a message that holds every part. */
    public static void assertRefused(
            Class<? extends Exception> type, Executable action, String... parts) {
        String message = assertThrows(type, action).getMessage();
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "no '" + part + "' in: " + message);
        }
    }
}
