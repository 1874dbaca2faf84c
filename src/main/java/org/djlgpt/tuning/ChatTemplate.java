package org.djlgpt.tuning;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Writes a conversation as the text that a model reads and goes on with, control tokens such as
 * {@code <|im_end|>} included. Encode it with {@link
 * org.djlgpt.text.Tokenizer#encodeWithSpecialTokens}; a token that begins a text is part of it.
 *
 * <p>A template of one's own is a lambda. What is written with a generation prompt should be the
 * beginning of what is written when the answer is there, so that a model is asked as it was
 * trained; the named ones keep to it.
 */
@FunctionalInterface
public interface ChatTemplate {

    /**
     * Writes a conversation.
     *
     * @param messages its parts in order, at least one
     * @param addGenerationPrompt whether an answer is to follow: then the text ends where the
     *     assistant's words begin
     * @return the text
     * @throws IllegalArgumentException if there is no message, or the template refuses them
     */
    String render(List<Message> messages, boolean addGenerationPrompt);

    /**
     * Returns ChatML, OpenAI's format, which Qwen, SmolLM2 and others have learnt: each message as
     * {@code <|im_start|>role}, a new line, its content, {@code <|im_end|>}, a new line. No system
     * message is made up where there is none.
     *
     * @return the template
     */
    static ChatTemplate chatMl() {
        return NamedTemplates::chatMl;
    }

    /**
     * Returns the format of Llama 3's instruction-tuned models (<a
     * href="https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-3/">model
     * card</a>): {@code <|begin_of_text|>}, then for each message a header with its role, an empty
     * line, its content without white space around it, and {@code <|eot_id|>}.
     *
     * @return the template
     */
    static ChatTemplate llama3() {
        return NamedTemplates::llama3;
    }

    /**
     * Returns the format of Stanford's <a
     * href="https://github.com/tatsu-lab/stanford_alpaca">Alpaca</a>, for models without control
     * tokens: an introduction, then {@code ### Instruction:}, {@code ### Input:} where {@link
     * Message#instruction} gave one to the first instruction, and {@code ### Response:}, each on a
     * line of its own, the text below it, and an empty line between them. Later turns go on with
     * {@code ### Instruction:}. A system message takes the place of the introduction. Nothing marks
     * the end of an answer but the tokenizer's end of text, which is not written.
     *
     * @return the template
     */
    static ChatTemplate alpaca() {
        return NamedTemplates::alpaca;
    }

    /**
     * Returns the names that {@link #named} knows.
     *
     * @return the names, in alphabetical order
     */
    static List<String> names() {
        return NamedTemplates.BY_NAME.keySet().stream().sorted().toList();
    }

    /**
     * Returns a template by its name.
     *
     * @param name {@code alpaca}, {@code chatml} or {@code llama3}, in small letters or capitals
     * @return the template
     * @throws IllegalArgumentException if there is none of that name
     */
    static ChatTemplate named(String name) {
        Supplier<ChatTemplate> named = NamedTemplates.BY_NAME.get(name.toLowerCase(Locale.ROOT));
        if (named == null) {
            throw new IllegalArgumentException(
                    "there is no chat template \"%s\"; use one of %s"
                            .formatted(name, String.join(", ", names())));
        }
        return named.get();
    }
}

/** The templates that need no file. */
final class NamedTemplates {

    static final Map<String, Supplier<ChatTemplate>> BY_NAME =
            Map.of(
                    "chatml", ChatTemplate::chatMl,
                    "llama3", ChatTemplate::llama3,
                    "alpaca", ChatTemplate::alpaca);

    private static final String ALPACA =
            "Below is an instruction that describes a task. Write a response that appropriately"
                    + " completes the request.";
    private static final String ALPACA_WITH_INPUT =
            "Below is an instruction that describes a task, paired with an input that provides"
                + " further context. Write a response that appropriately completes the request.";

    private NamedTemplates() {}

    static String chatMl(List<Message> messages, boolean addGenerationPrompt) {
        requireMessages(messages);
        return messages.stream()
                .map(m -> "<|im_start|>" + m.role() + "\n" + m.content() + "<|im_end|>\n")
                .collect(
                        Collectors.joining(
                                "", "", addGenerationPrompt ? "<|im_start|>assistant\n" : ""));
    }

    static String llama3(List<Message> messages, boolean addGenerationPrompt) {
        requireMessages(messages);
        return messages.stream()
                .map(m -> llama3Header(m.role()) + m.content().strip() + "<|eot_id|>")
                .collect(
                        Collectors.joining(
                                "",
                                "<|begin_of_text|>",
                                addGenerationPrompt ? llama3Header("assistant") : ""));
    }

    private static String llama3Header(String role) {
        return "<|start_header_id|>" + role + "<|end_header_id|>\n\n";
    }

    static String alpaca(List<Message> messages, boolean addGenerationPrompt) {
        requireMessages(messages);
        boolean introduced = messages.get(0).role().equals("system");
        StringBuilder text = new StringBuilder(introduced ? "" : alpacaIntroduction(messages));
        for (Message message : messages) {
            text.append(text.isEmpty() ? "" : "\n\n").append(alpacaHeading(message.role()));
            text.append(message.content());
        }
        return text + (addGenerationPrompt ? "\n\n" + alpacaHeading("assistant") : "");
    }

    private static String alpacaIntroduction(List<Message> messages) {
        return messages.get(0).content().contains(Message.INPUT) ? ALPACA_WITH_INPUT : ALPACA;
    }

    private static String alpacaHeading(String role) {
        return switch (role) {
            case "system" -> "";
            case "user" -> "### Instruction:\n";
            case "assistant" -> "### Response:\n";
            default ->
                    throw new IllegalArgumentException(
                            "Alpaca's chat template has no place for a message of role \"%s\""
                                    .formatted(role));
        };
    }

    static void requireMessages(List<Message> messages) {
        if (messages.isEmpty()) {
            throw new IllegalArgumentException(
                    "the conversation has 0 messages; a chat template needs at least 1");
        }
    }
}
