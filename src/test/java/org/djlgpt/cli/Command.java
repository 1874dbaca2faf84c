package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;

/** One run of {@code gpt} in this process. */
record Command(int exitCode, String out, String err) {

    static Command gpt(Object... arguments) {
        String[] words = new String[arguments.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = arguments[i].toString();
        }
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exitCode = Gpt.run(new PrintWriter(out), new PrintWriter(err), words);
        return new Command(exitCode, out.toString(), err.toString());
    }

    /** Requires a message with these parts and nothing of Java's in it, and exit code 2. */
    static void assertRefused(Command command, String... parts) {
        assertEquals(2, command.exitCode(), command::err);
        assertTrue(command.err().startsWith("gpt: "), command::err);
        for (String part : parts) {
            assertTrue(command.err().contains(part), command::err);
        }
        assertFalse(command.err().contains("\tat "), "a stack trace");
        assertFalse(command.err().contains("Exception"), command::err);
        assertFalse(command.err().contains("java."), command::err);
    }
}
