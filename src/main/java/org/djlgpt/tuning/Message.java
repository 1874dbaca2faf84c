package org.djlgpt.tuning;

import java.util.List;
import java.util.Objects;

/**
 * A part of a conversation. Roles are those of OpenAI's and Hugging Face's chats: {@code system}
 * says how to answer, {@code user} asks, {@code assistant} is the model, and {@code tool} is what a
 * function that the model called has returned.
 *
 * @param role {@code system}, {@code user}, {@code assistant} or {@code tool}
 * @param content the text, which may be empty
 */
public record Message(String role, String content) {

    private static final List<String> ROLES = List.of("system", "user", "assistant", "tool");

    /** What stands between an instruction and its input. */
    static final String INPUT = "\n\n### Input:\n";

    /**
     * Checks the role.
     *
     * @param role who says it
     * @param content the text
     * @throws IllegalArgumentException if the role is another one
     */
    public Message {
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(content, "content");
        if (!ROLES.contains(role)) {
            throw new IllegalArgumentException(
                    "role \"%s\" is unknown; use one of %s"
                            .formatted(role, String.join(", ", ROLES)));
        }
    }

    /**
     * Makes a message that says how to answer.
     *
     * @param content the text
     * @return the message
     */
    public static Message system(String content) {
        return new Message("system", content);
    }

    /**
     * Makes a message of the person.
     *
     * @param content the text
     * @return the message
     */
    public static Message user(String content) {
        return new Message("user", content);
    }

    /**
     * Makes a message of the model.
     *
     * @param content the text
     * @return the message
     */
    public static Message assistant(String content) {
        return new Message("assistant", content);
    }

    /**
     * Makes the message of a person who gives an instruction and what to carry it out on, as the
     * records of Alpaca's data have it. The input follows the instruction under the heading {@code
     * ### Input:}, whatever the template; {@link ChatTemplate#alpaca()} knows it by that.
     *
     * @param instruction what to do
     * @param input what to do it with; empty for nothing
     * @return a message of the user
     */
    public static Message instruction(String instruction, String input) {
        return user(input.isEmpty() ? instruction : instruction + INPUT + input);
    }
}
