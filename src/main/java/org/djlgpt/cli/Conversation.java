package org.djlgpt.cli;

import org.djlgpt.generation.TextGenerator;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;

/**
 * A person and a model write a text in turn. What the model sees is all of it so far: each line of
 * the person follows what the model wrote last, on a line of its own.
 */
final class Conversation {

    private static final String RESET = "/reset";
    private static final String QUIT = "/quit";

    private final TextGenerator generator;
    private final BufferedReader person;
    private final Output out;
    private final StringBuilder text = new StringBuilder();

    Conversation(TextGenerator generator, BufferedReader person, Output out) {
        this.generator = generator;
        this.person = person;
        this.out = out;
    }

    /** Goes on until the person ends it. */
    void run(String opening) throws IOException {
        out.line("Write a line, and the model goes on. %s forgets it all, %s ends.", RESET, QUIT);
        if (!opening.isEmpty()) {
            out.text("> " + opening + System.lineSeparator());
            answer(opening);
        }
        String line = read();
        while (line != null && !line.strip().equals(QUIT)) {
            if (line.strip().equals(RESET)) {
                text.setLength(0);
            } else {
                answer(line);
            }
            line = read();
        }
    }

    private String read() throws IOException {
        out.text("> ");
        try {
            return person.readLine();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(
                    "the line is not in the terminal's encoding; write UTF-8 and set"
                            + " LC_ALL=C.UTF-8",
                    e);
        }
    }

    private void answer(String line) {
        int before = text.length();
        text.append(text.isEmpty() ? "" : "\n").append(line);
        try {
            generator.generate(
                    text.toString(),
                    piece -> {
                        text.append(piece);
                        out.text(piece);
                    });
            out.text(System.lineSeparator());
        } catch (IllegalArgumentException e) { // a character that the tokenizer does not know
            text.setLength(before);
            out.line("%s", e.getMessage());
        }
    }
}
