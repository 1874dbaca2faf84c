package org.djlgpt.tuning;

import org.djlgpt.io.Json;
import org.djlgpt.text.InOrder;
import org.djlgpt.text.JsonLines;
import org.djlgpt.text.Tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Makes examples of the lines of files, as {@link ExampleSet} describes them. */
final class ExampleReader {

    private static final Set<String> TEXT = Set.of("text");
    private static final Set<String> COMPLETION = Set.of("prompt", "completion");
    private static final Set<String> INSTRUCTION = Set.of("instruction", "output");
    private static final Set<String> WITH_INPUT = Set.of("instruction", "input", "output");
    private static final Set<String> CHAT = Set.of("messages");

    /** Those that say what a line is for; the last are of other kinds of training. */
    private static final Set<String> KEYS =
            Set.of(
                    "text",
                    "prompt",
                    "completion",
                    "instruction",
                    "input",
                    "output",
                    "messages",
                    "chosen",
                    "rejected",
                    "label");

    private static final String KINDS =
            "text; or prompt and completion; or instruction, output and perhaps input; or messages";

    private final Tokenizer tokenizer;
    private final OptionalInt endOfText;
    private final ExampleEncoder alpaca;
    private final ExampleEncoder chat; // null without a template
    private final Set<String> special;
    private final Set<Character> firsts; // of the special tokens

    ExampleReader(Tokenizer tokenizer, OptionalInt endOfText, ChatTemplate template) {
        this.tokenizer = tokenizer;
        this.endOfText = endOfText;
        special = tokenizer.specialTokens();
        firsts = special.stream().map(token -> token.charAt(0)).collect(Collectors.toSet());
        alpaca = new ExampleEncoder(ChatTemplate.alpaca(), tokenizer::encode, Set.of(), endOfText);
        chat =
                template == null
                        ? null
                        : new ExampleEncoder(
                                template, tokenizer::encodeWithSpecialTokens, special, endOfText);
    }

    /**
     * Reads a file.
     *
     * @param numThreads how many threads encode
     * @param examples takes the examples, in order, on the caller's thread
     */
    void read(Path file, int numThreads, Consumer<Example> examples) throws IOException {
        try (JsonLines lines = JsonLines.open(file)) {
            Iterator<List<Json>> chunks = new Chunks(lines);
            new InOrder<>(chunks, chunk -> chunk.stream().map(this::example).toList(), numThreads)
                    .forEachRemaining(chunk -> chunk.forEach(examples));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Several lines at a time: one is too little work for a thread. */
    private static final class Chunks implements Iterator<List<Json>> {

        private static final int LINES = 256;

        private final JsonLines lines;
        private List<Json> next;

        Chunks(JsonLines lines) {
            this.lines = lines;
        }

        @Override
        public boolean hasNext() {
            next = next == null ? read() : next;
            return !next.isEmpty();
        }

        private List<Json> read() {
            try {
                List<Json> chunk = new ArrayList<>();
                for (Json line = lines.next(); line != null; line = lines.next()) {
                    chunk.add(line);
                    if (chunk.size() == LINES) {
                        break;
                    }
                }
                return chunk;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public List<Json> next() {
            if (!hasNext()) {
                throw new NoSuchElementException("there are no more lines");
            }
            List<Json> chunk = next;
            next = null;
            return chunk;
        }
    }

    private Example example(Json line) {
        Set<String> keys = new TreeSet<>(line.fields().keySet());
        keys.retainAll(KEYS);
        if (keys.equals(TEXT)) {
            return text(line.require("text"));
        } else if (keys.equals(COMPLETION)) {
            return completion(line, line.require("prompt"), line.require("completion"));
        } else if (keys.equals(INSTRUCTION) || keys.equals(WITH_INPUT)) {
            return instruction(line);
        } else if (keys.equals(CHAT)) {
            Json messages = line.require("messages");
            return chat(messages, messages(messages), 0);
        }
        throw line.malformed(
                "%s has %s of the keys that say what an example is; give %s",
                line.place(), keys.isEmpty() ? "none" : String.join(", ", keys), KINDS);
    }

    private Example text(Json value) {
        String text = answer(value);
        return at(value, () -> withEnd(Example.builder().addAnswer(tokenizer.encode(text))));
    }

    Example completion(Json line, Json prompt, Json completion) {
        if (prompt.isArray()) {
            List<Message> messages = messages(prompt);
            int learnedFrom = messages.size();
            messages.addAll(messages(completion));
            return chat(line, messages, learnedFrom);
        }
        String asked = JsonLines.text(prompt);
        String answer = answer(completion);
        int[] given = at(prompt, () -> tokenizer.encode(asked));
        return at(
                completion,
                () ->
                        withEnd(
                                Example.builder()
                                        .addPrompt(given)
                                        .addAnswer(tokenizer.encode(answer))));
    }

    private Example withEnd(Example.Builder example) {
        endOfText.ifPresent(example::addAnswer);
        return example.build();
    }

    private Example instruction(Json line) {
        String instruction = JsonLines.text(line.require("instruction"));
        String input = line.field("input").map(JsonLines::text).orElse("");
        List<Message> messages =
                List.of(
                        Message.instruction(instruction, input),
                        Message.assistant(answer(line.require("output"))));
        return at(line, () -> alpaca.encode(messages, 0));
    }

    Example chat(Json place, List<Message> messages, int learnedFrom) {
        return at(place, () -> chat().encode(messages, learnedFrom));
    }

    /** Makes an example of a conversation that is not from a file. */
    Example conversation(List<Message> messages) {
        messages.forEach(message -> requireNothingSpecial(message.content()));
        return chat().encode(messages, 0);
    }

    private ExampleEncoder chat() {
        if (chat == null) {
            throw new IllegalArgumentException(
                    "there is no chat template to write a conversation with; give one");
        }
        return chat;
    }

    List<Message> messages(Json list) {
        List<Message> messages = new ArrayList<>();
        for (Json message : list.items()) {
            for (String key : message.fields().keySet()) {
                if (!Set.of("role", "content").contains(key) && message.field(key).isPresent()) {
                    throw message.malformed(
                            "%s.%s is not known; a message has role and content",
                            message.place(), key);
                }
            }
            Json role = message.require("role");
            Json content = message.require("content");
            String name = role.string();
            String text = name.equals("assistant") ? answer(content) : JsonLines.text(content);
            at(content, () -> requireNothingSpecial(text));
            messages.add(at(role, () -> new Message(name, text)));
        }
        return messages;
    }

    private static String answer(Json value) {
        String text = JsonLines.text(value);
        if (text.isBlank()) {
            throw value.malformed(
                    "%s is empty, so there is nothing to learn; leave the line out", value.place());
        }
        return text;
    }

    /** Whoever wrote a message must not end a turn in it, or speak as somebody else. */
    private String requireNothingSpecial(String text) {
        if (firsts.stream().anyMatch(first -> text.indexOf(first) >= 0)) {
            for (String token : special) {
                if (text.contains(token)) {
                    throw new IllegalArgumentException(
                            ("the message spells %s, which the tokenizer would take for its"
                                            + " special token; spell it otherwise")
                                    .formatted(token));
                }
            }
        }
        return text;
    }

    /** Says where something is wrong that doesn't know its place. */
    private static <T> T at(Json value, Supplier<T> computation) {
        try {
            return computation.get();
        } catch (IllegalArgumentException e) {
            throw (IllegalArgumentException)
                    value.malformed("%s: %s", value.place(), e.getMessage()).initCause(e);
        }
    }
}
