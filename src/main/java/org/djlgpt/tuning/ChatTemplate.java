package org.djlgpt.tuning;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
     * Writes the template for whoever is to talk with a model: the file {@code
     * chat_template.jinja}, which transformers reads, too.
     *
     * @param modelFolder the folder of the model; a template that lies there is replaced
     * @throws IOException if the file can't be written
     * @throws UnsupportedOperationException if this template is code
     */
    default void save(Path modelFolder) throws IOException {
        throw new UnsupportedOperationException("a chat template that is code can't be written");
    }

    /**
     * Returns what is written behind an answer, and so ends one.
     *
     * @param specialTokens the control tokens that a tokenizer knows
     * @return one of them, or else the first line that has something on it, with the line ends
     *     before it; empty if nothing marks the end
     */
    default String endOfTurn(Collection<String> specialTokens) {
        String answer = "An answer.";
        String next = "What next?";
        List<Message> messages =
                List.of(Message.user("Hello."), Message.assistant(answer), Message.user(next));
        String text;
        try {
            text = render(messages, false);
        } catch (IllegalArgumentException e) { // it takes other conversations only
            return "";
        }
        int end = text.indexOf(answer) + answer.length();
        int begin = text.indexOf(next);
        if (!text.contains(answer) || begin < end) {
            return "";
        }
        String between = text.substring(end, begin);
        return specialTokens.stream()
                .filter(between.strip()::startsWith)
                .max(Comparator.comparing(String::length))
                .orElseGet(
                        () -> {
                            Matcher line = Pattern.compile("\\s*\\S.*").matcher(between);
                            return line.lookingAt() ? line.group() : "";
                        });
    }

    /**
     * Returns ChatML, OpenAI's format, which Qwen, SmolLM2 and others have learnt: each message as
     * {@code <|im_start|>role}, a new line, its content, {@code <|im_end|>}, a new line. No system
     * message is made up where there is none.
     *
     * @return the template
     */
    static ChatTemplate chatMl() {
        return named("chatml");
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
        return named("llama3");
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
        return named("alpaca");
    }

    /**
     * Returns the names that {@link #named} knows.
     *
     * @return the names, in alphabetical order
     */
    static List<String> names() {
        return List.of("alpaca", "chatml", "llama3");
    }

    /**
     * Returns a template by its name.
     *
     * @param name {@code alpaca}, {@code chatml} or {@code llama3}, in small letters or capitals
     * @return the template
     * @throws IllegalArgumentException if there is none of that name
     */
    static ChatTemplate named(String name) {
        String small = name.toLowerCase(Locale.ROOT);
        if (!names().contains(small)) {
            throw new IllegalArgumentException(
                    "there is no chat template \"%s\"; use one of %s"
                            .formatted(name, String.join(", ", names())));
        }
        return JinjaChatTemplate.named(small);
    }

    /**
     * Reads the chat template of a model, as transformers does: the file {@code
     * chat_template.jinja}, or else the field {@code chat_template} of {@code
     * tokenizer_config.json}, of several the one with the name {@code default}. It is <a
     * href="https://huggingface.co/docs/transformers/chat_templating">Jinja</a>, see {@link
     * org.djlgpt.jinja.JinjaTemplate}, and may name the special tokens of the folder, such as
     * {@code bos_token}. No tools or documents are handed to it.
     *
     * @param modelFolder the folder of a model
     * @return the template, or empty if the folder has none
     * @throws IllegalArgumentException if a file or the template is malformed, or the template
     *     needs what is not supported
     * @throws IOException if a file can't be read
     */
    static Optional<ChatTemplate> find(Path modelFolder) throws IOException {
        return JinjaChatTemplate.find(modelFolder);
    }

    /**
     * Reads a chat template for a model that has none, or another one.
     *
     * @param file a UTF-8 file in Jinja
     * @param modelFolder the folder of the model, whose special tokens the template may name
     * @return the template
     * @throws IllegalArgumentException as {@link #find}
     * @throws IOException if a file can't be read
     */
    static ChatTemplate read(Path file, Path modelFolder) throws IOException {
        return JinjaChatTemplate.read(file, modelFolder);
    }
}
