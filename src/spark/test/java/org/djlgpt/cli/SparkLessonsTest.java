package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.djlgpt.text.CharTokenizer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What {@code gpt train} can learn, it can learn on Spark: one worker learns the same. */
class SparkLessonsTest {

    private static final List<String> ALONE =
            List.of("--spark", "local[1]", "--outer-rate", "1", "--outer-momentum", "0");

    @TempDir private static Path folder;

    @BeforeAll
    static void prepare() throws IOException {
        Path text = SmallText.in(folder);
        Path base = folder.resolve("base");
        Command command = SmallText.train(text, base, "--layers", 2, "--steps", 2);
        assertEquals(0, command.exitCode(), command.err());
        CharTokenizer.fromText("abcdefgh,\n").save(Files.createDirectories(folder.resolve("ids")));
        Files.writeString(folder.resolve("labels.csv"), "text,label\n" + lines("a%s,x\nb%s,y\n"));
        Files.writeString(
                folder.resolve("examples.jsonl"),
                lines("{\"prompt\": \"the %s\", \"completion\": \"%s\"}\n"));
        Files.writeString(
                folder.resolve("pairs.jsonl"),
                lines("{\"prompt\": \"the\", \"chosen\": \"a%s\", \"rejected\": \"t%s\"}\n"));
        assertEquals(0, train("adapter", "--init-from base --lora-rank 2 --steps 2").exitCode());
    }

    /** Repeats lines with two letters of their own. */
    private static String lines(String format) {
        return IntStream.range(0, 20)
                .mapToObj(i -> format.formatted((char) ('c' + i % 6), (char) ('c' + i % 5)))
                .collect(Collectors.joining());
    }

    /** Trains with options in which files are named relative to the test's folder. */
    private static Command train(String out, String options, String... more) {
        List<String> words = new ArrayList<>(List.of("train", "--out"));
        words.add(folder.resolve(out).toString());
        Stream.of(options.split(" "))
                .map(word -> Files.exists(folder.resolve(word)) ? folder.resolve(word) : word)
                .map(Object::toString)
                .forEach(words::add);
        if (!options.contains("--data") && !options.matches(".*--(labels|examples|pref).*")) {
            words.addAll(List.of("--data", SmallText.in(folder).toString()));
        }
        words.addAll(List.of("--batch-size", "4", "--eval-every", "4", "--eval-batches", "2"));
        words.addAll(List.of(more));
        return Command.gpt(words.toArray());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--init-from base --schedule wsd --dropout 0.1",
                "--init-from base --freeze embeddings,0",
                "--init-from base --lora-rank 2 --precision bf16",
                "--init-from adapter",
                "--init-from base --examples examples.jsonl --pack",
                "--init-from base --examples examples.jsonl --lora-rank 2",
                "--init-from base --preferences pairs.jsonl --lora-rank 2 --beta 0.2",
                "--labels labels.csv --tokenizer ids --layers 1 --heads 2 --embedding-dim 8"
                        + " --context-length 8",
                "--init-from base --learning-rate 0.5 --patience 1 --gradient-accumulation 2"
            })
    void oneWorkerLearnsWhatALocalRunLearns(String options) throws IOException {
        String steps = options.contains("--patience") ? " --steps 40" : " --steps 10";
        Path local = folder.resolve("local-" + options.hashCode());
        Path spark = folder.resolve("spark-" + options.hashCode());
        assertDone(train(local.toString(), options + steps));
        List<String> alone = new ArrayList<>(ALONE);
        alone.addAll(List.of("--sync-every", "4"));

        assertDone(train(spark.toString(), options + steps, alone.toArray(String[]::new)));

        assertEquals(losses(local), losses(spark));
        assertArrayEquals(weights(local), weights(spark));
    }

    private static void assertDone(Command command) {
        assertEquals(0, command.exitCode(), command::err);
    }

    private static List<String> losses(Path run) throws IOException {
        return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                .map(line -> line.replaceFirst(",\"tokens_per_second.*", ""))
                .toList();
    }

    private static byte[] weights(Path run) throws IOException {
        Path adapter = run.resolve("adapter_model.safetensors");
        return Files.readAllBytes(
                Files.exists(adapter) ? adapter : run.resolve("model.safetensors"));
    }

    @Test
    void aRunOnLabelledTextsGoesOn() throws IOException {
        String options =
                "--labels labels.csv --tokenizer ids --layers 1 --heads 2 --embedding-dim 8"
                        + " --context-length 8 --workers 2 --sync-every 2 --freeze embeddings";
        Path whole = folder.resolve("whole");
        Path parts = folder.resolve("parts");
        String[] local = {"--spark", "local[1]"};
        assertDone(train("whole", options + " --steps 8", local));
        assertDone(train("parts", options + " --steps 4 --decay-steps 8", local));

        Command resumed = Command.gpt("train", "--resume", parts, "--steps", 8);

        assertDone(resumed);
        assertTrue(resumed.out().contains("resumed"), resumed::out);
        assertArrayEquals(weights(whole), weights(parts));
    }

    @Test
    void fragmentsThatTakeTurnsLearnToo() throws IOException {
        Command command =
                train(
                        "turns",
                        "--init-from base --workers 2 --sync-every 4 --fragments 2 --steps 10",
                        "--spark",
                        "local[1]");

        assertDone(command);
        assertEquals(2 * 5, Files.readAllLines(folder.resolve("turns/rounds.jsonl")).size());
        Command tooMany =
                train("none", "--init-from base --sync-every 4 --fragments 5 --spark local[1]");
        Command.assertRefused(tooMany, "--fragments=5 are more than --sync-every=4", "take fewer");
    }
}
