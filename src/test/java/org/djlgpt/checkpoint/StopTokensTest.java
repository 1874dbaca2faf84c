package org.djlgpt.checkpoint;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.MalformedModelException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/** Which ids a folder says end a text. */
class StopTokensTest {

    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'eos_token_id': 7}           | 7",
                "{'eos_token_id': [7]}         | 7",
                "{'eos_token_id': [7, 2, 7]}   | 2 7",
                "{'eos_token_id': []}          | ''",
                "{'eos_token_id': null}        | ''",
                "{}                            | ''",
                "{'eos_token_id': [50256, -1]} | -1 50256",
            })
    void oneIdOrAListOrNoneIsReadFromEitherFile(String json, String ids) throws Exception {
        write("config.json", json);
        assertEquals(ids(ids), ModelDirectory.stopTokens(folder));

        write("config.json", "{}");
        write("generation_config.json", json);
        assertEquals(ids(ids), ModelDirectory.stopTokens(folder));
    }

    /** As transformers 5.24 decides, except that it takes a missing field for null. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'eos_token_id': 9}      | 9",
                "{'eos_token_id': [9, 1]} | 1 9",
                "{'eos_token_id': []}     | ''",
                "{'eos_token_id': null}   | ''",
                "{'pad_token_id': 9}      | 7",
            })
    void whatIsSaidAboutGenerationCountsMore(String json, String ids) throws Exception {
        write("config.json", "{'eos_token_id': 7}");
        write("generation_config.json", json);

        assertEquals(ids(ids), ModelDirectory.stopTokens(folder));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.5",
                "'2'",
                "true",
                "{}",
                "{'id': 2}",
                "[[2]]",
                "[null]",
                "[2, 1.5]",
                "['2']",
                "2147483648",
                "-1e300"
            })
    void whatIsNoIdIsNamedWithItsFile(String ids) throws Exception {
        for (String file : new String[] {"config.json", "generation_config.json"}) {
            write("config.json", "{}");
            write(file, "{'eos_token_id': " + ids + "}");

            assertRefused(
                    MalformedModelException.class,
                    () -> ModelDirectory.stopTokens(folder),
                    folder.resolve(file) + ": $.eos_token_id",
                    " is ",
                    ", but ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{'eos_token_id': 2", "null"})
    void aFileThatIsNoObjectIsNamed(String json) throws Exception {
        write("config.json", "{}");
        write("generation_config.json", json);

        assertRefused(
                MalformedModelException.class,
                () -> ModelDirectory.stopTokens(folder),
                folder.resolve("generation_config.json").toString());
    }

    @Test
    void aFolderWithoutAModelIsNamed() {
        assertRefused(
                NoSuchFileException.class,
                () -> ModelDirectory.stopTokens(folder),
                folder.resolve("config.json").toString());
    }

    private void write(String file, String json) throws IOException {
        Files.writeString(folder.resolve(file), json.replace('\'', '"'));
    }

    private static Set<Integer> ids(String ids) {
        return Arrays.stream(ids.split(" "))
                .filter(id -> !id.isEmpty())
                .map(Integer::valueOf)
                .collect(Collectors.toSet());
    }
}
