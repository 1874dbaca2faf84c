package org.djlgpt.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TextGenerator;
import org.djlgpt.model.GptModel;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Threads;
import org.djlgpt.training.Evaluation;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writing and evaluating in Spark's own process. */
class SparkTextTest {

    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz ";
    private static final Tokenizer TOKENIZER = CharTokenizer.fromText(LETTERS);
    private static final List<String> PROMPTS =
            List.of("the", "quick", "brown fox", "jumps", "over", "a", "lazy dog", "again");

    @TempDir private static Path folder;
    private static NDManager manager;
    private static GptModel model;
    private static SparkSession spark;

    @BeforeAll
    static void start() throws IOException {
        Threads.use(1);
        manager = ComputeDevice.newManager();
        model = TinyGpt.scrambled(TinyGpt.size(LETTERS.length(), 8).build(), 3, manager);
        ModelDirectory.save(model, TOKENIZER, folder.resolve("model"));
        spark =
                SparkSession.builder()
                        .master("local[2]")
                        .config("spark.ui.enabled", "false")
                        .config("spark.driver.host", "127.0.0.1")
                        .config("spark.sql.warehouse.dir", folder.toUri().toString())
                        .getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
        manager.close();
    }

    private static Dataset<Row> column(String name, List<String> texts, int partitions) {
        return spark.createDataset(texts, Encoders.STRING()).toDF(name).repartition(partitions);
    }

    private static SparkTextGenerator generator() {
        return new SparkTextGenerator()
                .setModel(folder.resolve("model").toString())
                .setMaxNewTokens(12)
                .setTemperature(0.8)
                .setTopK(5)
                .setSeed(7)
                .setBatchSize(2);
    }

    @Test
    void eachPromptGetsTheTextThatItGetsAloneAndAProcessReadsTheModelOnce() {
        TextGenerator alone =
                TextGenerator.builder()
                        .setModel(model)
                        .setTokenizer(TOKENIZER)
                        .setManager(manager)
                        .optSampler(Sampler.random().topK(5).temperature(0.8))
                        .optMaxNewTokens(12)
                        .optSeed(7)
                        .build();
        for (int partitions : new int[] {1, 8}) {
            Dataset<Row> texts = generator().transform(column("prompt", PROMPTS, partitions));

            List<Row> rows = texts.collectAsList();
            assertEquals(PROMPTS.size(), rows.size());
            for (Row row : rows) {
                assertEquals(alone.generate(row.getString(0)), row.<String>getAs("text"));
            }
        }
        assertEquals(1, ExecutorModel.count());
    }

    @Test
    void aRowWithoutAPromptHasNoText() {
        List<String> prompts = new ArrayList<>(Arrays.asList("the", null));

        List<Row> rows = generator().transform(column("prompt", prompts, 1)).collectAsList();

        for (Row row : rows) {
            if (row.isNullAt(0)) {
                assertNull(row.getAs("text"));
            }
        }
    }

    @Test
    void perplexityIsThatOfAllTokensBehindAnother() {
        List<String> texts = List.of("the quick brown fox", "x", "jumps over ", "");
        double sum = 0;
        int count = 0;
        for (String text : texts) {
            int[] ids = TOKENIZER.encode(text);
            for (int from = 0; from < ids.length - 1; from += 8) {
                int to = Math.min(from + 8, ids.length - 1);
                TokenWindows window =
                        TokenWindows.builder()
                                .setTokens(Tokens.of(Arrays.copyOfRange(ids, from, to + 1)))
                                .setContextLength(to - from)
                                .build();
                sum += (to - from) * new Evaluation(model, manager, 1).loss(window, 1);
                count += to - from;
            }
        }

        double perplexity = evaluation().evaluate(column("text", texts, 3));

        assertEquals(28, count);
        assertEquals(Math.exp(sum / count), perplexity, 1e-5 * perplexity);
    }

    private static SparkEvaluation evaluation() {
        return new SparkEvaluation().setModel(folder.resolve("model").toString());
    }

    @Test
    void stagesSaveAndLoad() throws IOException {
        Dataset<Row> prompts = column("prompt", PROMPTS, 2);
        String path = folder.resolve("pipeline").toString();
        new Pipeline()
                .setStages(new PipelineStage[] {generator().setOutputCol("answer")})
                .fit(prompts)
                .write()
                .save(path);

        Dataset<Row> texts = PipelineModel.load(path).transform(prompts);

        assertEquals(
                generator().setOutputCol("answer").transform(prompts).collectAsList(),
                texts.collectAsList());
        evaluation().setInputCol("answer").write().save(folder.resolve("evaluation").toString());
        SparkEvaluation loaded = SparkEvaluation.load(folder.resolve("evaluation").toString());
        assertEquals(evaluation().setInputCol("answer").evaluate(texts), loaded.evaluate(texts));
    }

    @Test
    void whatIsMissingIsSaid() {
        Dataset<Row> prompts = column("prompt", PROMPTS, 1);

        assertEquals(
                "the model is not set; call setModel",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new SparkTextGenerator().transform(prompts))
                        .getMessage());
        Exception unseen =
                assertThrows(
                        Exception.class,
                        () -> generator().setModel("/nowhere").transform(prompts).collectAsList());
        assertTrue(
                unseen.getMessage().contains("the model folder /nowhere is not there"),
                unseen::getMessage);
    }
}
