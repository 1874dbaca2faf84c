package org.djlgpt.cli;

import org.djlgpt.cli.console.Output;
import org.djlgpt.generation.Chat;
import org.djlgpt.generation.TextGenerator;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.util.function.Consumer;

/** A person and a model write in turn, line by line. */
final class Conversation {

    private static final String RESET = "/reset";
    private static final String QUIT = "/quit";

    private final Partner partner;
    private final BufferedReader person;
    private final Output out;

    private Conversation(Partner partner, BufferedReader person, Output out) {
        this.partner = partner;
        this.person = person;
        this.out = out;
    }

    /** Lets the model answer as it has learnt to. */
    static Conversation of(Chat chat, BufferedReader person, Output out) {
        return new Conversation(new Answering(chat, out), person, out);
    }

    /** Lets the model continue a text that both write. */
    static Conversation of(TextGenerator generator, BufferedReader person, Output out) {
        return new Conversation(new Continuing(generator), person, out);
    }

    /** Goes on until the person ends it. */
    void run(String opening) throws IOException {
        out.line(
                "Write a line, and the model %s. %s forgets it all, %s ends.",
                partner.does(), RESET, QUIT);
        if (!opening.isEmpty()) {
            out.text("> " + opening + System.lineSeparator());
            answer(opening);
        }
        String line = read();
        while (line != null && !line.strip().equals(QUIT)) {
            if (line.strip().equals(RESET)) {
                partner.reset();
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
        try {
            partner.answer(line, out::text);
        } catch (IllegalArgumentException e) { // a character that the tokenizer does not know
            out.line("%s", e.getMessage());
        }
    }

    /** The model's part. */
    private interface Partner {

        String does();

        /** Writes what follows a line; a line that is refused was not said. */
        void answer(String line, Consumer<String> listener);

        void reset();
    }

    /**
     * What the model sees is all of the text so far: each line of the person follows what the model
     * wrote last, on a line of its own.
     */
    private static final class Continuing implements Partner {

        private final TextGenerator generator;
        private final StringBuilder text = new StringBuilder();

        Continuing(TextGenerator generator) {
            this.generator = generator;
        }

        @Override
        public String does() {
            return "goes on";
        }

        @Override
        public void answer(String line, Consumer<String> listener) {
            int before = text.length();
            text.append(text.isEmpty() ? "" : "\n").append(line);
            try {
                generator.generate(
                        text.toString(),
                        piece -> {
                            text.append(piece);
                            listener.accept(piece);
                        });
            } catch (IllegalArgumentException e) {
                text.setLength(before);
                throw e;
            }
            listener.accept(System.lineSeparator());
        }

        @Override
        public void reset() {
            text.setLength(0);
        }
    }

    /** Through a chat template. */
    private record Answering(Chat chat, Output out) implements Partner {

        @Override
        public String does() {
            return "answers";
        }

        @Override
        public void answer(String line, Consumer<String> listener) {
            if (line.isBlank()) {
                return;
            }
            int forgotten = chat.say(line, listener).forgotten();
            listener.accept(System.lineSeparator());
            if (forgotten > 0) {
                out.line(
                        "(the context is full; the oldest %s forgotten)",
                        forgotten == 1 ? "turn is" : forgotten + " turns are");
            }
        }

        @Override
        public void reset() {
            chat.reset();
        }
    }
}
