package org.djlgpt.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

class JsonTest {

    private static final Path FILE = Path.of("some.json");

    @Test
    void valuesComeAsTheyAreWritten() {
        Json json = json("{\"a\": [1, 0.1000, 9223372036854775807], \"b\": {\"c\": \"\\u00e9\"}}");

        assertEquals(List.of("a", "b"), List.copyOf(json.fields().keySet()));
        assertEquals(new BigDecimal("0.1000"), json.require("a").items().get(1).number());
        assertEquals(Long.MAX_VALUE, json.require("a").items().get(2).wholeNumber(Long.MAX_VALUE));
        assertEquals("\u00e9", json.require("b").require("c").string());
        assertEquals("{c=\"\u00e9\"}", json.require("b").toString());
    }

    @Test
    void nullIsNoField() {
        Json json = json("{\"a\": null}");

        assertTrue(json.field("a").isEmpty());
        assertTrue(json.field("b").isEmpty());
        assertTrue(json.require("a").isNull());
        assertRefused("$.b is missing", () -> json.require("b"));
    }

    @Test
    void aValueOfTheWrongKindIsNamedWithItsPlace() {
        Json json = json("{\"a\": {\"b\": [\"1\", 1.5, 1e999999999]}}");
        List<Json> items = json.require("a").require("b").items();

        assertRefused("$.a is an object where a string is due", json.require("a")::string);
        assertRefused("$.a.b is an array where an object", json.require("a").require("b")::fields);
        assertRefused("$.a.b[0] is a string where a number", () -> items.get(0).wholeNumber(9));
        assertRefused("$.a.b[0] is \"1\", but must be a number", items.get(0)::number);
        assertRefused("$.a.b[1] is 1.5, which is no integer", () -> items.get(1).wholeNumber(9));
        assertRefused("$.a.b[1] is 1.5, but must be true or false", items.get(1)::flag);
        assertRefused("must be a number", items.get(2)::number);
        assertRefused("no integer from 0 to 9", () -> json("10").wholeNumber(9));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"a\":1,\"a\":1}             | has $.a twice",
                "{\"a\":[{},{\"b\":1,\"\\u0062\":1}]} | has $.a[1].b twice",
                "{\"a\":1} 2                   | no JSON in UTF-8",
                "{\"a\":1,}                    | no JSON in UTF-8 from $",
                "{\"a\":NaN}                   | no JSON in UTF-8 from $.a",
                "{\"a\":01}                    | no JSON in UTF-8 from $.a",
                "{a:1}                         | no JSON in UTF-8",
                "{\"a\":1;\"b\":2}             | no JSON in UTF-8",
                "[1,2 /* two */]               | no JSON in UTF-8",
                "[1,,2]                        | no JSON in UTF-8 from $[1]",
            })
    void whatIsNoStrictJsonIsRefused(String text, String reason) {
        assertRefused(reason, () -> json(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"a\":"})
    void tooManyLevelsAreRefused(String level) {
        assertRefused("the limits are 64 levels", () -> json(level.repeat(100_000)));
    }

    @Test
    void tooManyValuesAreRefused() {
        assertRefused("1000000 values", () -> json("[" + "0,".repeat(1_000_000) + "0]"));
    }

    private static Json json(String text) {
        return Json.parse(FILE, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void assertRefused(String reason, Executable call) {
        String message = assertThrows(IllegalArgumentException.class, call).getMessage();
        assertTrue(message.startsWith(FILE + ": ") && message.contains(reason), message);
    }
}
