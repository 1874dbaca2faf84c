package org.djlgpt.tuning;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

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

    /** What Python's strip takes. */
    private static final Pattern SPACE_AROUND =
            Pattern.compile("(?U)^[\\s\\x1c-\\x1f]+|[\\s\\x1c-\\x1f]+\\z");

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
                .map(
                        m ->
                                llama3Header(m.role())
                                        + SPACE_AROUND.matcher(m.content()).replaceAll("")
                                        + "<|eot_id|>")
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
