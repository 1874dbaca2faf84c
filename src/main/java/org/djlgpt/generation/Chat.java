package org.djlgpt.generation;

import org.djlgpt.generation.GenerationReport.FinishReason;
import org.djlgpt.tuning.Message;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * A conversation with a model that was trained on them, through its chat template. {@link
 * TextGenerator#chat} starts one.
 *
 * <pre>{@code
 * ChatTemplate template = ChatTemplate.find(folder).orElseGet(ChatTemplate::chatMl);
 * try (Chat chat = generator.chat(template, Message.system("Be brief."))) {
 *     chat.say("What is the capital of France?", System.out::print);
 *     chat.say("And of Italy?", System.out::print);
 * }
 * }</pre>
 *
 * <p>The keys and values of what the model has seen are kept from turn to turn, so that only what
 * is new is read; where the template writes earlier messages in another way than before, as some do
 * with thoughts, what follows the first difference is read again. An answer ends at the control
 * token that the template writes behind one, at the other ends that the generator knows, or where
 * the context is full.
 *
 * <p>What people write is text: a message that spells a control token, such as {@code <|im_end|>},
 * has its letters, unlike in transformers by default.
 *
 * <p>When a conversation outgrows the model's context, its oldest turns are forgotten until the
 * rest takes at most half of it; system messages at the beginning stay. It belongs to one thread at
 * a time.
 */
public final class Chat implements AutoCloseable {

    private final TextGenerator generator;
    private final PromptEncoder encoder;
    private final TextRequest rules;
    private final List<Message> opening;
    private final List<Message> messages;
    private final Decoding decoding;
    private Prompt seen; // what the last answer ended
    private int turns;

    Chat(TextGenerator generator, PromptEncoder encoder, TextRequest rules, List<Message> opening) {
        this.generator = generator;
        this.encoder = encoder;
        this.rules = rules;
        this.opening = List.copyOf(opening);
        messages = new ArrayList<>(opening);
        decoding = generator.start();
    }

    /**
     * What the model has answered.
     *
     * @param text its words
     * @param report how much was read and written, how fast, and why it ended
     * @param forgotten how many of the oldest turns did not fit into the context any more
     */
    public record Answer(String text, GenerationReport report, int forgotten) {}

    /** A text up to where the model goes on, and its tokens. */
    private record Prompt(String text, int[] tokens) {}

    /**
     * Returns the conversation.
     *
     * @return the messages that are not forgotten, answers included
     */
    public List<Message> messages() {
        return List.copyOf(messages);
    }

    /**
     * Says something and hands out the answer while it grows. An exception of the listener ends it,
     * and leaves the conversation as it was; when the thread is interrupted, the answer is what
     * there is of it.
     *
     * @param text what the user says
     * @param listener takes each piece of the answer, which end between characters
     * @return the answer
     * @throws IllegalArgumentException if the template refuses the conversation, the tokenizer does
     *     not know a character, or the message is too long for the model's context; the
     *     conversation is as it was
     */
    public Answer say(String text, Consumer<String> listener) {
        List<Message> asked = new ArrayList<>(messages);
        asked.add(Message.user(text));
        Prompt prompt = prompt(asked);
        int forgotten = 0;
        if (prompt.tokens.length + room() > contextLength()) {
            while (prompt.tokens.length > contextLength() / 2 && forgetTurn(asked)) {
                forgotten++;
                prompt = prompt(asked);
            }
        }
        requireFit(prompt);
        TextRow row = generator.row(request(prompt), prompt.tokens);
        String answer = write(row, listener);
        asked.add(Message.assistant(answer));
        messages.clear();
        messages.addAll(asked);
        seen = seen(prompt, answer, row);
        turns++;
        return new Answer(answer, row.report(), forgotten);
    }

    /** Forgets everything but how the conversation was opened. */
    public void reset() {
        messages.clear();
        messages.addAll(opening);
        seen = null;
        turns = 0;
    }

    /**
     * The tokens of an answer are kept as they were chosen, which need not be those that its text
     * is encoded to.
     */
    private Prompt prompt(List<Message> asked) {
        String text = encoder.render(asked);
        if (seen == null || !text.startsWith(seen.text)) {
            return new Prompt(text, encoder.encode(text));
        }
        int[] more = encoder.encode(text.substring(seen.text.length()));
        int[] tokens = Arrays.copyOf(seen.tokens, seen.tokens.length + more.length);
        System.arraycopy(more, 0, tokens, seen.tokens.length, more.length);
        return new Prompt(text, tokens);
    }

    /** Returns what the model has seen, unless its tokens say more than the answer does. */
    private Prompt seen(Prompt prompt, String answer, TextRow row) {
        boolean ended = row.report().finishReason() == FinishReason.END_OF_TEXT;
        int length = row.tokens().length() - (ended ? 1 : 0);
        int[] tokens = Arrays.copyOf(row.tokens().tokens(), length);
        int[] answered = Arrays.copyOfRange(tokens, prompt.tokens.length, length);
        byte[] bytes = generator.tokenizer().decodeBytes(answered);
        return new String(bytes, StandardCharsets.UTF_8).equals(answer)
                ? new Prompt(prompt.text + encoder.marked(answer), tokens)
                : null;
    }

    /** Takes out the first message of the user and what was said until the next one. */
    private boolean forgetTurn(List<Message> asked) {
        int from = 0;
        while (asked.get(from).role().equals("system")) {
            from++;
        }
        int to = from + 1;
        while (to < asked.size() && !asked.get(to).role().equals("user")) {
            to++;
        }
        if (to >= asked.size()) {
            return false;
        }
        asked.subList(from, to).clear();
        return true;
    }

    private int contextLength() {
        return generator.contextLength();
    }

    /** How many tokens an answer should have at least, if it is to. */
    private int room() {
        return Math.min(rules.maxNewTokens(), Math.max(1, contextLength() / 4));
    }

    private void requireFit(Prompt prompt) {
        if (prompt.tokens.length > contextLength()) {
            throw new IllegalArgumentException(
                    ("the message takes %d tokens with the chat template, but the model's context"
                                    + " has %d; write a shorter one")
                            .formatted(prompt.tokens.length, contextLength()));
        }
    }

    /** The context does not move on within an answer: the model would lose the system message. */
    private TextRequest request(Prompt prompt) {
        int most = contextLength() - prompt.tokens.length + 1;
        TextRequest.Builder request =
                TextRequest.builder()
                        .with(rules)
                        .setPrompt(prompt.text)
                        .optMaxNewTokens(Math.min(rules.maxNewTokens(), most));
        return rules.seed() == null
                ? request.build()
                : request.optSeed(rules.seed() + turns).build();
    }

    private String write(TextRow row, Consumer<String> listener) {
        StringBuilder answer = new StringBuilder();
        decoding.add(row.tokens());
        try {
            while (decoding.goesOn()) {
                decoding.next();
                drain(row.pieces(), answer, listener);
            }
            row.finish();
            drain(row.pieces(), answer, listener);
        } finally {
            decoding.remove(row.tokens());
        }
        return answer.toString();
    }

    private static void drain(
            Queue<String> pieces, StringBuilder answer, Consumer<String> listener) {
        while (!pieces.isEmpty()) {
            answer.append(pieces.peek());
            listener.accept(pieces.remove());
        }
    }

    /** Frees the keys and values. */
    @Override
    public void close() {
        decoding.close();
    }
}
