package org.djlgpt.cli.option;

import ai.djl.MalformedModelException;

import org.djlgpt.generation.Chat;
import org.djlgpt.generation.TextGenerator;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.tuning.ChatTemplate;
import org.djlgpt.tuning.Message;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Whether and how a model is talked with, instead of continuing a text. */
public final class ChatOptions {

    private static final String NONE = "none";
    private static final Pattern CONTROL_TOKEN = Pattern.compile("<\\|[^<>|\\s]+\\|>");

    /** A name as it is, and a file so that it is found from any folder. */
    public static final class TemplateName implements ITypeConverter<String> {

        /** For picocli. */
        TemplateName() {}

        @Override
        public String convert(String value) {
            boolean isName = NONE.equals(value) || ChatTemplate.names().contains(value);
            try {
                return isName || value.isEmpty() || !Files.exists(Path.of(value))
                        ? value
                        : Path.of(value).toAbsolutePath().normalize().toString();
            } catch (InvalidPathException e) {
                return value; // refused as what it is, neither name nor file
            }
        }
    }

    @Option(
            names = "--chat",
            description =
                    "take the prompt for a message, and print the answer, through the chat template"
                        + " of the model's folder; --interactive does so by itself where there is"
                        + " one")
    private boolean chat;

    @Option(
            names = "--chat-template",
            paramLabel = "NAME|FILE",
            converter = TemplateName.class,
            description =
                    "talk through another template: alpaca, chatml, llama3, or a file in Jinja;"
                            + " none to continue the text as it is")
    private String template;

    @Option(
            names = "--system",
            paramLabel = "TEXT",
            description = "what the model is told before a conversation begins")
    private String system;

    /** For picocli. */
    ChatOptions() {}

    /**
     * Reads the chat template, if the model is to be talked with.
     *
     * @param folder that of the model
     * @param interactive whether a person writes lines
     * @return the template; empty to continue the text as it is
     * @throws IllegalArgumentException if there is none, or none that is understood
     * @throws IOException if a file can't be read
     * @throws MalformedModelException if the adapter's file is malformed
     */
    public Optional<ChatTemplate> template(ModelFolder folder, boolean interactive)
            throws IOException, MalformedModelException {
        boolean asked = chat || system != null || template != null;
        if (NONE.equals(template)) {
            if (chat || system != null) {
                throw new IllegalArgumentException(
                        "--chat-template none does not fit %s, which needs one; leave one of them out"
                                .formatted(chat ? "--chat" : "--system"));
            }
            return Optional.empty();
        }
        if (!asked && !interactive) {
            return Optional.empty();
        }
        Path tokens = folder.tokenizerFolder();
        Optional<ChatTemplate> found =
                template == null ? orNone(tokens) : Optional.of(template(template, tokens));
        if (found.isEmpty() && asked) {
            throw new IllegalArgumentException(
                    "%s has no chat template; give one with --chat-template, such as one of %s"
                            .formatted(folder.path(), String.join(", ", ChatTemplate.names())));
        }
        return found;
    }

    /**
     * Reads how the messages of examples are written, and says what that lacks.
     *
     * @param option a name or a file; null for what the model's folder says
     * @param folder that of the model's tokenizer; null for none
     * @param tokenizer what makes the tokens
     * @param err takes what it lacks
     * @return the template; empty if the folder has none
     * @throws IllegalArgumentException if it is not understood
     * @throws IOException if a file can't be read
     */
    public static Optional<ChatTemplate> ofMessages(
            String option, Path folder, Tokenizer tokenizer, PrintWriter err) throws IOException {
        Optional<ChatTemplate> template =
                option == null ? ofFolder(folder) : Optional.of(template(option, folder));
        template.ifPresent(t -> warnOfSplitTokens(t, tokenizer, err));
        return template;
    }

    private static Optional<ChatTemplate> orNone(Path folder) throws IOException {
        try {
            return ofFolder(folder);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + ", or none", e);
        }
    }

    /**
     * Reads the template of a model's folder, if it has one.
     *
     * @param folder null for none
     * @throws IllegalArgumentException if it is not understood
     */
    private static Optional<ChatTemplate> ofFolder(Path folder) throws IOException {
        try {
            return folder == null ? Optional.empty() : ChatTemplate.find(folder);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    e.getMessage() + "; choose another template with --chat-template", e);
        }
    }

    /**
     * Returns the template of an option.
     *
     * @param model the folder of the model, whose special tokens a file may name; null for none
     * @throws IllegalArgumentException if it is neither a name nor a file with a template
     */
    private static ChatTemplate template(String option, Path model) throws IOException {
        if (ChatTemplate.names().contains(option)) {
            return ChatTemplate.named(option);
        }
        Path file = Path.of(option);
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(
                    "--chat-template %s is neither a file nor one of %s"
                            .formatted(option, String.join(", ", ChatTemplate.names())));
        }
        return ChatTemplate.read(file, model == null ? file.toAbsolutePath().getParent() : model);
    }

    /**
     * Says which control tokens of a template are none to the tokenizer: a model reads each as the
     * letters that it is spelled with, which takes room, and people can write them, too.
     *
     * @param template how messages are written
     * @param tokenizer what makes the tokens
     * @param err takes what is to be said
     */
    public static void warnOfSplitTokens(
            ChatTemplate template, Tokenizer tokenizer, PrintWriter err) {
        List<String> split =
                controlTokens(template).stream()
                        .filter(token -> tokenizer.encodeWithSpecialTokens(token).length > 1)
                        .toList();
        if (!split.isEmpty()) {
            err.println(
                    ("gpt: the chat template writes %s, which the tokenizer splits into letters or"
                                    + " parts of words; gpt tokenizer add gives a model each as"
                                    + " one token")
                            .formatted(String.join(" ", split)));
            err.flush();
        }
    }

    /** Returns what looks like control tokens in a short conversation. */
    private static Set<String> controlTokens(ChatTemplate template) {
        List<Message> messages = List.of(Message.user("a"), Message.assistant("b"));
        Set<String> tokens = new LinkedHashSet<>();
        try {
            CONTROL_TOKEN
                    .matcher(template.render(messages, false))
                    .results()
                    .forEach(found -> tokens.add(found.group()));
        } catch (IllegalArgumentException e) {
            // it wants other messages; the real ones show it
        }
        return tokens;
    }

    /**
     * Starts a conversation.
     *
     * @param generator writes the answers
     * @param chatTemplate how messages are written
     * @return the conversation
     */
    public Chat start(TextGenerator generator, ChatTemplate chatTemplate) {
        return system == null
                ? generator.chat(chatTemplate)
                : generator.chat(chatTemplate, Message.system(system));
    }
}
