package org.djlgpt.tuning;

import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;

/** Makes an example of a conversation: turn by turn, as it would be held with a model. */
final class ExampleEncoder {

    private static final String ASSISTANT = "assistant";

    private final ChatTemplate template;
    private final Function<String, int[]> tokenizer;
    private final Set<String> specialTokens;
    private final OptionalInt endOfText;

    /**
     * Makes the encoder.
     *
     * @param tokenizer gives the ids of what the template writes
     * @param specialTokens of which one ends a turn, if the template has it
     * @param endOfText what ends a turn otherwise
     */
    ExampleEncoder(
            ChatTemplate template,
            Function<String, int[]> tokenizer,
            Set<String> specialTokens,
            OptionalInt endOfText) {
        this.template = template;
        this.tokenizer = tokenizer;
        this.specialTokens = specialTokens;
        this.endOfText = endOfText;
    }

    /**
     * Encodes a conversation up to the last turn of the assistant.
     *
     * @param learnedFrom the first message that may be learned from
     * @throws IllegalArgumentException if the template refuses the messages, or does not go on with
     *     what it has written, or leaves out an answer, or the assistant says nothing that is to be
     *     learned, or begins
     */
    Example encode(List<Message> messages, int learnedFrom) {
        requireAnswer(messages, learnedFrom);
        Example.Builder example = Example.builder();
        String written = "";
        int encoded = 0; // of what is written; the end of a turn goes with what follows it
        for (int i = 0; i < messages.size(); i++) {
            if (messages.get(i).role().equals(ASSISTANT)) {
                String asked = render(messages.subList(0, i), true, written);
                written = render(messages.subList(0, i + 1), false, asked);
                String said = written.substring(asked.length());
                requireWritten(said);
                int end = asked.length() + endOfTurn(said);
                boolean isEnded = end > asked.length();
                int[] prompt = tokenizer.apply(asked.substring(encoded));
                encoded = isEnded ? end : written.length();
                int[] answer = tokenizer.apply(written.substring(asked.length(), encoded));
                int[] ending =
                        isEnded || endOfText.isEmpty()
                                ? new int[0]
                                : new int[] {endOfText.getAsInt()};
                example.addPrompt(prompt);
                if (i >= learnedFrom) {
                    example.addAnswer(answer).addAnswer(ending);
                } else {
                    example.addPrompt(answer).addPrompt(ending);
                }
            }
        }
        return example.build();
    }

    private static void requireAnswer(List<Message> messages, int learnedFrom) {
        List<String> roles = messages.stream().map(Message::role).toList();
        if (!roles.subList(learnedFrom, roles.size()).contains(ASSISTANT)) {
            throw new IllegalArgumentException(
                    "of %d message(s) to learn from, none is the %s's; give an answer, or leave the line out"
                            .formatted(roles.size() - learnedFrom, ASSISTANT));
        }
        if (roles.get(0).equals(ASSISTANT)) {
            throw new IllegalArgumentException(
                    "the first message is the %s's, which answers nothing; put one of the user before it, or leave it out"
                            .formatted(ASSISTANT));
        }
    }

    private void requireWritten(String said) {
        String words = said;
        for (String token : specialTokens) {
            words = words.replace(token, "");
        }
        if (words.isBlank()) {
            throw new IllegalArgumentException(
                    "the chat template leaves out what the %s says, so that there is nothing to learn; use another template"
                            .formatted(ASSISTANT));
        }
    }

    /** Writes a conversation that goes on with what was written of its beginning. */
    private String render(List<Message> messages, boolean addGenerationPrompt, String before) {
        String text = template.render(messages, addGenerationPrompt);
        if (!text.startsWith(before)) {
            throw new IllegalArgumentException(
                    "the chat template writes the beginning of a conversation otherwise once it"
                            + " goes on, so that a model would be asked in another way than it was"
                            + " trained; use another template");
        }
        return text;
    }

    /** Returns where the last special token ends, 0 if there is none. */
    private int endOfTurn(String turn) {
        int end = 0;
        for (String token : specialTokens) {
            int at = turn.lastIndexOf(token);
            end = at < 0 ? end : Math.max(end, at + token.length());
        }
        return end;
    }
}
