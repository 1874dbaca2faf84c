package org.djlgpt.spark;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.data.TokenFile;
import org.djlgpt.data.Tokens;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptModel;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Corpus;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.training.TrainingPlan;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Trains with two workers, then writes and measures: the master's name and a shared folder. */
public final class SparkExample {

    private SparkExample() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createDirectories(Path.of(arguments[1]).toAbsolutePath());
        Corpus corpus = Corpus.djlSources();
        CharTokenizer tokenizer = CharTokenizer.fromCorpus(corpus);
        Tokens.Split split = corpus.encode(tokenizer).holdOutTenth();
        TokenFile.write(folder.resolve("train.bin"), split.training());
        TokenFile.write(folder.resolve("val.bin"), split.heldOut());
        Gpt2Config size =
                Gpt2Config.builder()
                        .setVocabSize(tokenizer.vocabSize())
                        .setContextLength(64)
                        .setEmbeddingDim(32)
                        .setNumHeads(4)
                        .setNumLayers(2)
                        .build();
        try (SparkSession spark = SparkCluster.session(arguments[0], 2, 1, List.of());
                NDManager manager = ComputeDevice.newManager()) {
            GptModel model = new GptModel(size);
            model.initialize(manager, DataType.FLOAT32, new Shape(1, 64));
            double loss =
                    SparkTraining.builder()
                            .setSession(spark)
                            .setModel(model)
                            .setData(
                                    TokenFiles.of(folder.resolve("train.bin").toString()),
                                    TokenFiles.of(folder.resolve("val.bin").toString()))
                            .setFolder(folder.resolve("rounds").toString())
                            .optWorkers(2)
                            .optSyncEvery(20)
                            .optPlan(TrainingPlan.builder().optSteps(100).build())
                            .build()
                            .run();
            System.out.printf("lowest validation loss %.3f%n", loss);
            String saved = folder.resolve("model").toString();
            ModelDirectory.save(model, tokenizer, Path.of(saved));

            List<String> prompts = List.of("public ", "import ", "return ");
            Dataset<Row> texts =
                    new SparkTextGenerator()
                            .setModel(saved)
                            .transform(
                                    spark.createDataset(prompts, Encoders.STRING()).toDF("prompt"));
            texts.show(false);
            double perplexity = new SparkEvaluation().setModel(saved).evaluate(texts);
            System.out.printf("perplexity of its own texts %.2f%n", perplexity);
        }
    }
}
