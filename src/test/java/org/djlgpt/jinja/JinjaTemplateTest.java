package org.djlgpt.jinja;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Templates give what transformers makes of them, see chat_template_fixture.py, or nothing. */
class JinjaTemplateTest {

    private static final Path RENDERED =
            Path.of("src/test/resources/org/djlgpt/jinja/rendered.json");
    private static final Clock CLOCK =
            Clock.fixed(Instant.parse("2024-07-06T05:04:03Z"), ZoneOffset.UTC);

    private final Map<String, Object> variables =
            new HashMap<>(
                    Map.of(
                            "bos_token", "<s>",
                            "eos_token", "</s>",
                            "unk_token", "<unk>",
                            "pad_token", "<pad>",
                            "add_generation_prompt", false,
                            "messages", List.of()));

    @Test
    void templatesOfAllConstructsAreRenderedAsByTransformers() throws IOException {
        assertEquals(List.of(), differences(RENDERED, CLOCK));
    }

    /** With -Dchat.templates=FILE, which chat_template_fixture.py --real has made today. */
    @Test
    void templatesOfModelsAreRenderedAsByTransformers() throws IOException {
        String file = System.getProperty("chat.templates");
        assumeTrue(file != null);
        assertEquals(List.of(), differences(Path.of(file), Clock.systemDefaultZone()));
    }

    private List<String> differences(Path file, Clock clock) throws IOException {
        JsonObject fixture = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        List<String> differences = new ArrayList<>();
        JsonArray conversations = fixture.getAsJsonArray("conversations");
        for (JsonElement element : fixture.getAsJsonArray("templates")) {
            JsonObject template = element.getAsJsonObject();
            JsonArray texts = template.getAsJsonArray("texts");
            boolean usesTools = template.get("name").getAsString().equals("tools");
            for (int i = 0; i < texts.size(); i++) {
                variables.put("messages", value(conversations.get(i / 2)));
                variables.put("add_generation_prompt", i % 2 == 0);
                variables.put("tools", usesTools ? value(fixture.get("tools")) : null);
                String ours = rendered(template.get("template").getAsString(), clock);
                if (!matches(ours, texts.get(i))) {
                    differences.add(template.get("name") + " " + i + ": " + ours);
                    break;
                }
            }
        }
        return differences;
    }

    private static boolean matches(String ours, JsonElement theirs) {
        return theirs.isJsonNull()
                ? ours.startsWith("refused: ")
                : ours.equals(theirs.getAsString());
    }

    private String rendered(String template, Clock clock) {
        try {
            return JinjaTemplate.parse("chat", template).at(clock).render(variables);
        } catch (IllegalArgumentException e) {
            return "refused: " + e.getMessage();
        }
    }

    @Test
    void expressionsHaveTheValuesThatPythonGivesThem() throws IOException {
        JsonObject fixture = JsonParser.parseString(Files.readString(RENDERED)).getAsJsonObject();
        List<String> differences = new ArrayList<>();
        for (JsonElement element : fixture.getAsJsonArray("expressions")) {
            String template = element.getAsJsonObject().get("template").getAsString();
            JsonElement theirs = element.getAsJsonObject().get("text");
            String ours = rendered(template, CLOCK);
            if (!matches(ours, theirs)) {
                differences.add("%s gives %s, not %s".formatted(template, ours, theirs));
            }
        }
        assertEquals(List.of(), differences);
    }

    private static Object value(JsonElement json) {
        if (json.isJsonNull()) {
            return null;
        }
        if (json.isJsonArray()) {
            return json.getAsJsonArray().asList().stream().map(JinjaTemplateTest::value).toList();
        }
        if (json.isJsonObject()) {
            Map<String, Object> map = new LinkedHashMap<>();
            json.getAsJsonObject().asMap().forEach((key, item) -> map.put(key, value(item)));
            return map;
        }
        return json.getAsJsonPrimitive().isNumber() ? json.getAsLong() : json.getAsString();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '\u00a6',
            quoteCharacter = '`',
            value = {
                "{% include '/etc/passwd' %} \u00a6 include would read another template",
                "{% import 'x' as y %} \u00a6 import would read another template",
                "{% from 'x' import y %} \u00a6 from would read another template",
                "{% extends 'x' %} \u00a6 extends would read another template",
                "{% block x %}{% endblock %} \u00a6 the tag block is not supported",
                "{% do x %} \u00a6 the tag do is not supported",
                "{{ ''.getClass().forName('java.lang.Runtime') }} \u00a6 a string has no attribute",
                "{{ ''.__class__.__mro__ }} \u00a6 a string has no attribute '__class__'",
                "{{ messages.getClass() }} \u00a6 a list has no attribute 'getClass'",
                "{{ messages.stream() }} \u00a6 a list has no attribute 'stream'",
                "{{ range(10**9) }} \u00a6 a range of more than 100,000 numbers",
                "{{ 'x' * 10**9 }} \u00a6 a value of 1,000,000,000 characters or items is needed",
                "{{ [1] * 10**9 }} \u00a6 a value of 1,000,000,000 characters or items is needed",
                "{{ 9**99 }} \u00a6 a number is too large",
                "{{ self }}{{ self.x }} \u00a6 'self' is undefined",
                "{{ x | attr('y') }} \u00a6 the filter attr is not supported",
                "{{ open('/etc/passwd') }} \u00a6 'open' is undefined",
                "{{ f(*x) }} \u00a6 * before an argument is not supported",
                "{% for x in y recursive %}{% endfor %} \u00a6 a recursive loop is not supported"
            })
    void aStrangersTemplateReachesNothing(String template, String reason) {
        String ours = rendered(template, CLOCK);
        assertTrue(ours.startsWith("refused: chat, line 1: ") && ours.contains(reason), ours);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
                "{% set ns = namespace(s='x') %}{% for i in range(99) %}"
                        + "{% set ns.s = ns.s + ns.s %}{% endfor %}",
                "{% set ns = namespace(s=['x']) %}{% for i in range(99) %}"
                        + "{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
                "{% set ns = namespace(s=[1]) %}{% for i in range(50) %}"
                        + "{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s == ns.s + [] }}",
                "{% set ns = namespace(s=[1]) %}{% for i in range(50) %}"
                        + "{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | tojson }}",
                "{% set s = 'x' * 1000000 %}{{ s.replace('x', s) }}",
                "{% set s = 'x' * 1000000 %}{{ ([s] * 1000000) | join }}",
                "{% set s = '\n' * 1000000 %}{{ s | indent(100) }}",
                "{% set s = 'ab' * 1000000 %}{{ s.split('a') | map('upper') | join('b'*1000) }}",
                "{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}",
                "{{ ('x' * 5000000).split('x') | length }}"
            })
    void aTemplateWithoutAnEndIsRefusedSoon(String template) {
        String ours =
                assertTimeoutPreemptively(
                        Duration.ofSeconds(20), () -> rendered(template, CLOCK), template);
        assertTrue(ours.startsWith("refused: "), template);
    }

    @Test
    void whatIsNestedTooDeeplyIsRefused() {
        Map<String, String> nested =
                Map.of("(", ")", "[", "]", "{'a':", "}", "x[", "]", "x(", ")", "-", "", "not ", "");
        nested.forEach(
                (open, close) -> {
                    String value = open.repeat(10_000) + "1" + close.repeat(10_000);
                    String ours = rendered("{{ " + value + " }}", CLOCK);
                    assertTrue(ours.contains("nested deeper than 200"), ours);
                });
        for (String part : List.of("1+", "1 if 1 else ", "x and ", "x|trim|", "1~")) {
            String ours = rendered("{{ " + part.repeat(10_000) + "trim }}", CLOCK);
            assertTrue(ours.contains("nested deeper than 200"), ours);
        }
        String blocks = rendered("{% if x %}".repeat(1000), CLOCK);
        assertTrue(blocks.contains("blocks are nested deeper than 100"), blocks);
        String path = rendered("{{ messages" + ".x".repeat(10_000) + " }}", CLOCK);
        assertTrue(path.contains("nested deeper than 200"), path);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '\u00a6',
            quoteCharacter = '`',
            value = {
                "a\\nb{{ \u00a6 2: a tag has no end; }} is missing",
                "\\n\\n{% if x \u00a6 3: a tag has no end; %} is missing",
                "{# a \u00a6 1: a comment has no end; #} is missing",
                "{% if x %}a \u00a6 1: unexpected the end of the template where one of",
                "{% endif %} \u00a6 1: the tag endif is not supported",
                "{{ a b }} \u00a6 1: unexpected b where }} is due",
                "{{ a ? }} \u00a6 1: unexpected character '?'",
                "{{ (a] }} \u00a6 1: unexpected ]",
                "{% set 1 = 2 %} \u00a6 1: unexpected 1 where the name of a variable is due",
                "{% break %} \u00a6 1: break stands outside of a loop",
                "{% raw %} \u00a6 1: raw has no end; {% endraw %} is missing",
                "{{ 'a\\N{DASH}' }} \u00a6 1: the escape \\N is not supported"
            })
    void aMalformedTemplateIsRefusedWithItsLine(String template, String reason) {
        String ours = rendered(template.replace("\\n", "\n"), CLOCK);
        assertTrue(ours.startsWith("refused: chat, line " + reason), ours);
    }

    @Test
    void whatATemplateSaysOfAConversationIsTheMessage() {
        JinjaTemplate template =
                JinjaTemplate.parse(
                        "chat", "a\n{% if x %}\n{{ raise_exception('No ' + x) }}{% endif %}");
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> template.render(Map.of("x", "tools")));
        assertEquals("chat, line 3: No tools", refused.getMessage());
        assertEquals("a\n", template.render(Map.of("x", "")));
        assertNull(refused.getCause().getCause());
    }

    /** Whatever stands in a template, it gives a text or a message. */
    @Test
    void damagedTemplatesAreRefusedOrRendered() throws IOException {
        JsonObject fixture = JsonParser.parseString(Files.readString(RENDERED)).getAsJsonObject();
        List<String> sources = new ArrayList<>();
        for (String part : List.of("templates", "expressions")) {
            for (JsonElement element : fixture.getAsJsonArray(part)) {
                sources.add(element.getAsJsonObject().get("template").getAsString());
            }
        }
        variables.put("messages", value(fixture.getAsJsonArray("conversations").get(2)));
        variables.put("tools", value(fixture.get("tools")));
        Random random = new Random(1);
        for (int trial = 0; trial < 10_000; trial++) {
            String source = damaged(sources, random);
            assertDoesNotThrow(() -> rendered(source, CLOCK), source);
        }
    }

    /** Takes something out, and puts a part of another template there. */
    private static String damaged(List<String> sources, Random random) {
        String source = sources.get(random.nextInt(sources.size()));
        String other = sources.get(random.nextInt(sources.size()));
        int from = random.nextInt(source.length());
        int to = Math.min(source.length(), from + random.nextInt(8));
        int start = random.nextInt(other.length());
        int end = Math.min(other.length(), start + random.nextInt(12));
        return source.substring(0, from) + other.substring(start, end) + source.substring(to);
    }

    @Test
    void aSourceThatIsNoTemplateIsRefusedByItsSize() {
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> JinjaTemplate.parse("chat", " ".repeat(1_000_001)));
        assertEquals(
                "chat: has 1,000,001 characters, the limit is 1,000,000; is it a template?",
                refused.getMessage());
    }
}
