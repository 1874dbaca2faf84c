package org.djlgpt.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** GPT-2's ids of the characters of Unicode are tiktoken's, whatever this Java release knows. */
class EveryCharacterTest {

    private final Gpt2Tokenizer tokenizer = new Gpt2Tokenizer();

    @Test
    void everyCharacterHasTiktokensIdsInEveryContext() throws Exception {
        JsonObject reference = reference();
        int block = reference.get("block").getAsInt();
        List<int[]> inhabited = new ArrayList<>();
        reference
                .getAsJsonArray("inhabited")
                .forEach(range -> inhabited.add(ints(range.getAsJsonArray())));
        for (var context : reference.getAsJsonObject("sha256").entrySet()) {
            for (var sum : context.getValue().getAsJsonObject().entrySet()) {
                int number = Integer.parseInt(sum.getKey(), 16);
                assertEquals(
                        sum.getValue().getAsString(),
                        sha256(context.getKey(), number * block, (number + 1) * block, inhabited),
                        () -> "'%s', block %s".formatted(context.getKey(), sum.getKey()));
            }
        }
    }

    @Test
    void charactersThatAreYoungerThanTheLanguageLevelHaveTiktokensIds() throws IOException {
        for (var sample : reference().getAsJsonObject("samples").entrySet()) {
            assertArrayEquals(
                    ints(sample.getValue().getAsJsonArray()), tokenizer.encode(sample.getKey()));
        }
    }

    private String sha256(String context, int from, int to, List<int[]> inhabited)
            throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (int character = from; character < to; character++) {
            boolean surrogate =
                    character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE;
            int c = character;
            if (surrogate
                    || c % 64 != 0 && inhabited.stream().noneMatch(r -> c >= r[0] && c < r[1])) {
                continue;
            }
            int[] ids = tokenizer.encode(context.replace("{}", Character.toString(character)));
            ByteBuffer bytes =
                    ByteBuffer.allocate((ids.length + 1) * Integer.BYTES)
                            .order(ByteOrder.LITTLE_ENDIAN);
            bytes.asIntBuffer().put(ids).put(-1);
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest()).substring(0, 16);
    }

    private static JsonObject reference() throws IOException {
        try (var resource = EveryCharacterTest.class.getResourceAsStream("every-character.json")) {
            String text = new String(resource.readAllBytes(), StandardCharsets.UTF_8);
            return JsonParser.parseString(text).getAsJsonObject();
        }
    }

    private static int[] ints(JsonArray array) {
        int[] ints = new int[array.size()];
        Arrays.setAll(ints, i -> array.get(i).getAsInt());
        return ints;
    }
}
