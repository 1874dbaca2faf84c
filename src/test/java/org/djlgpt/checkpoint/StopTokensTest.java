package org.djlgpt.checkpoint;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;

import org.djlgpt.model.GptModel;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
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

    @ParameterizedTest
    @ValueSource(strings = {"[5, 3, 7]", "[]", "4", "null"})
    void whatOnlyOneFileSaysIsThereInAModelThatIsSavedAgain(String ids) throws Exception {
        Path again = folder.resolve("again");
        try (NDManager manager = ComputeDevice.newManager()) {
            GptModel model = TinyGpt.scrambled(TinyGpt.size(8, 4).build(), 1, manager);
            ModelDirectory.save(model, CharTokenizer.fromText("abcdefgh"), folder);
            write("generation_config.json", "{'eos_token_id': " + ids + "}");
            Set<Integer> stored = ModelDirectory.stopTokens(folder);

            ModelDirectory.save(
                    ModelDirectory.load(folder, manager), Tokenizer.load(folder), again);

            assertEquals(stored, ModelDirectory.stopTokens(again));
            assertEquals(JsonParser.parseString(ids), eos(again.resolve("generation_config.json")));
            ModelDirectory.save(ModelDirectory.load(again, 0.1f, manager), folder);
            assertEquals(stored, ModelDirectory.stopTokens(folder));
        }
    }

    private static JsonElement eos(Path file) throws IOException {
        return JsonParser.parseString(Files.readString(file)).getAsJsonObject().get("eos_token_id");
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
