package org.djlgpt.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What ChatML, Llama 3 and Alpaca make of a conversation. */
class NamedTemplatesTest {

    private static final Path NAMED = Path.of("src/test/resources/org/djlgpt/tuning/named.json");

    private static final List<Message> GREETING =
            List.of(
                    Message.system("Be brief."),
                    Message.user("Hi "),
                    Message.assistant("Hello!"),
                    Message.user("And then?"));

    @Test
    void chatMlWritesEachMessageBetweenItsMarks() {
        assertEquals(
                "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi <|im_end|>\n"
                        + "<|im_start|>assistant\nHello!<|im_end|>\n"
                        + "<|im_start|>user\nAnd then?<|im_end|>\n<|im_start|>assistant\n",
                ChatTemplate.chatMl().render(GREETING, true));
    }

    @Test
    void llama3BeginsTheTextAndStripsContents() {
        assertEquals(
                "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
                        + "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
                        + "<|start_header_id|>assistant<|end_header_id|>\n\nHello!<|eot_id|>"
                        + "<|start_header_id|>user<|end_header_id|>\n\nAnd then?<|eot_id|>",
                ChatTemplate.llama3().render(GREETING, false));
    }

    @Test
    void alpacaIntroducesAnInstructionWithAnInputAndOneWithout() {
        ChatTemplate alpaca = ChatTemplate.alpaca();
        assertEquals(
                "Below is an instruction that describes a task. Write a response that appropriately"
                        + " completes the request.\n\n### Instruction:\nSort.\n\n### Response:\n",
                alpaca.render(List.of(Message.instruction("Sort.", "")), true));
        assertEquals(
                "Below is an instruction that describes a task, paired with an input that provides"
                        + " further context. Write a response that appropriately completes the"
                        + " request.\n\n### Instruction:\nSort.\n\n### Input:\n3 1 2\n\n"
                        + "### Response:\n1 2 3",
                alpaca.render(
                        List.of(Message.instruction("Sort.", "3 1 2"), Message.assistant("1 2 3")),
                        false));
    }

    @Test
    void aSystemMessageTakesThePlaceOfAlpacasIntroduction() {
        assertEquals(
                "Be brief.\n\n### Instruction:\nHi \n\n### Response:\nHello!\n\n"
                        + "### Instruction:\nAnd then?\n\n### Response:\n",
                ChatTemplate.alpaca().render(GREETING, true));
    }

    /** See chat_template_fixture.py, which compares its templates with those of the models. */
    @Test
    void conversationsAreWrittenAsByTransformers() throws IOException {
        JsonObject fixture = JsonParser.parseString(Files.readString(NAMED)).getAsJsonObject();
        JsonArray conversations = fixture.getAsJsonArray("conversations");
        for (JsonElement element : fixture.getAsJsonArray("templates")) {
            JsonObject named = element.getAsJsonObject();
            ChatTemplate template = ChatTemplate.named(named.get("name").getAsString());
            JsonArray texts = named.getAsJsonArray("texts");
            for (int i = 0; i < texts.size(); i++) {
                List<Message> messages = messages(conversations.get(i / 2).getAsJsonArray());
                assertEquals(texts.get(i).getAsString(), template.render(messages, i % 2 == 0));
            }
        }
    }

    private static List<Message> messages(JsonArray conversation) {
        return conversation.asList().stream()
                .map(JsonElement::getAsJsonObject)
                .map(m -> new Message(m.get("role").getAsString(), m.get("content").getAsString()))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"chatml", "llama3", "alpaca"})
    void aModelIsAskedAsItWasTrained(String name) {
        ChatTemplate template = ChatTemplate.named(name);
        Random random = new Random(1);
        for (int trial = 0; trial < 200; trial++) {
            List<Message> messages = conversation(random);
            Message answer = Message.assistant("answer" + trial);
            String asked = template.render(messages, true);
            messages.add(answer);
            String answered = template.render(messages, false);
            assertTrue(answered.startsWith(asked + answer.content()), answered);
        }
    }

    private static List<Message> conversation(Random random) {
        List<Message> messages = new ArrayList<>();
        if (random.nextBoolean()) {
            messages.add(Message.system(text(random)));
        }
        for (int turn = random.nextInt(4); turn > 0; turn--) {
            messages.add(Message.user(text(random)));
            messages.add(Message.assistant(text(random)));
        }
        messages.add(Message.instruction(text(random), text(random)));
        return messages;
    }

    private static String text(Random random) {
        List<String> pieces =
                List.of(" ", "\n", "a", "### Input:", "\u00e9", "<|im_end|>", "{{x}}");
        StringBuilder text = new StringBuilder();
        for (int length = random.nextInt(6); length > 0; length--) {
            text.append(pieces.get(random.nextInt(pieces.size())));
        }
        return text.toString();
    }

    @Test
    void whatIsNotThereIsRefusedByName() {
        String unknown = message(() -> ChatTemplate.named("vicuna"));
        assertEquals(
                "there is no chat template \"vicuna\"; use one of alpaca, chatml, llama3", unknown);
        assertEquals(
                "role \"human\" is unknown; use one of system, user, assistant, tool",
                message(() -> new Message("human", "Hi")));
        assertEquals(
                "the conversation has 0 messages; a chat template needs at least 1",
                message(() -> ChatTemplate.chatMl().render(List.of(), true)));
        assertEquals(
                "Alpaca's chat template has no place for a message of role \"tool\"",
                message(
                        () ->
                                ChatTemplate.alpaca()
                                        .render(List.of(new Message("tool", "7")), true)));
    }

    private static String message(Executable action) {
        return assertThrows(IllegalArgumentException.class, action).getMessage();
    }
}
