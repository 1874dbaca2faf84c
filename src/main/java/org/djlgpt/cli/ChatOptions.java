package org.djlgpt.cli;

import ai.djl.MalformedModelException;

import org.djlgpt.generation.Chat;
import org.djlgpt.generation.TextGenerator;
import org.djlgpt.tuning.ChatTemplate;
import org.djlgpt.tuning.Message;

import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Whether and how a model is talked with, instead of continuing a text. */
final class ChatOptions {

    private static final String NONE = "none";

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
            description =
                    "talk through another template: alpaca, chatml, llama3, or a file in Jinja;"
                            + " none to continue the text as it is")
    private String template;

    @Option(
            names = "--system",
            paramLabel = "TEXT",
            description = "what the model is told before a conversation begins")
    private String system;

    /**
     * Reads the chat template, if the model is to be talked with.
     *
     * @param interactive whether a person writes lines
     */
    Optional<ChatTemplate> template(ModelFolder folder, boolean interactive)
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
                template == null
                        ? ChatTemplate.find(tokens)
                        : Optional.of(template(template, tokens));
        if (found.isEmpty() && asked) {
            throw new IllegalArgumentException(
                    "%s has no chat template; give one with --chat-template, such as one of %s"
                            .formatted(folder.path(), String.join(", ", ChatTemplate.names())));
        }
        return found;
    }

    /**
     * Returns the template of an option.
     *
     * @param model the folder of the model, whose special tokens a file may name; null for none
     * @throws IllegalArgumentException if it is neither a name nor a file with a template
     */
    static ChatTemplate template(String option, Path model) throws IOException {
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

    /** Starts a conversation. */
    Chat start(TextGenerator generator, ChatTemplate chatTemplate) {
        return system == null
                ? generator.chat(chatTemplate)
                : generator.chat(chatTemplate, Message.system(system));
    }
}
