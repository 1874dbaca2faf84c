package org.djlgpt.cli;

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
}
