package org.djlgpt.spark;

import ai.djl.MalformedModelException;

import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TextGenerator;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Continues the texts of a column: a stage of Spark's ML pipelines, which saves and loads as they
 * do. Each process of the cluster reads the model once, and writes the continuations of a batch of
 * rows side by side. What a row becomes follows from its prompt and the seed alone.
 *
 * <pre>{@code
 * Dataset<Row> texts = new SparkTextGenerator()
 *         .setModel("hdfs://host/models/gpt").setInputCol("prompt").setOutputCol("text")
 *         .transform(prompts);
 * }</pre>
 *
 * @serial exclude
 */
public final class SparkTextGenerator extends Transformer implements DefaultParamsWritable {

    private static final long serialVersionUID = 1;

    private final String uid;
    private final Param<String> model;
    private final Param<String> inputCol;
    private final Param<String> outputCol;
    private final IntParam maxNewTokens;
    private final DoubleParam temperature;
    private final IntParam topK;
    private final IntParam seed;
    private final IntParam batchSize;

    /** Makes a stage. */
    public SparkTextGenerator() {
        this(Identifiable$.MODULE$.randomUID("textGenerator"));
    }

    /**
     * Makes a stage of a name, as Spark does when it loads one.
     *
     * @param uid the name
     */
    public SparkTextGenerator(String uid) {
        this.uid = uid;
        model = new Param<>(this, "model", "Hadoop's name of the model folder");
        inputCol = new Param<>(this, "inputCol", "column of prompts");
        outputCol = new Param<>(this, "outputCol", "column of the new texts, without prompts");
        maxNewTokens = new IntParam(this, "maxNewTokens", "most tokens of a text");
        temperature = new DoubleParam(this, "temperature", "0 for the likeliest token always");
        topK = new IntParam(this, "topK", "how many tokens are chosen from, 0 for all");
        seed = new IntParam(this, "seed", "what chances follow from");
        batchSize = new IntParam(this, "batchSize", "rows that are written side by side");
        set(inputCol, "prompt");
        set(outputCol, "text");
        set(maxNewTokens, 100);
        set(temperature, 0.0);
        set(topK, 0);
        set(seed, 1337);
        set(batchSize, 16);
    }

    /**
     * Reads saved stages.
     *
     * @return the reader
     */
    public static MLReader<SparkTextGenerator> read() {
        return new DefaultParamsReader<>();
    }

    /**
     * Reads a saved stage.
     *
     * @param path where it is
     * @return the stage
     */
    public static SparkTextGenerator load(String path) {
        return read().load(path);
    }

    @Override
    public String uid() {
        return uid;
    }

    @Override
    public SparkTextGenerator copy(ParamMap extra) {
        return (SparkTextGenerator) defaultCopy(extra);
    }

    @Override
    public StructType transformSchema(StructType schema) {
        if (get(model).isEmpty()) {
            throw new IllegalArgumentException("the model is not set; call setModel");
        }
        String input = getOrDefault(inputCol);
        if (!schema.apply(input).dataType().equals(DataTypes.StringType)) {
            throw new IllegalArgumentException(
                    "column %s has %s, not texts; cast it to string"
                            .formatted(input, schema.apply(input).dataType().simpleString()));
        }
        return schema.add(getOrDefault(outputCol), DataTypes.StringType, true);
    }

    @Override
    public Dataset<Row> transform(Dataset<?> dataset) {
        StructType schema = transformSchema(dataset.schema());
        Writing writing =
                new Writing(
                        getOrDefault(model),
                        dataset.schema().fieldIndex(getOrDefault(inputCol)),
                        (Integer) getOrDefault(maxNewTokens),
                        (Double) getOrDefault(temperature),
                        (Integer) getOrDefault(topK),
                        (Integer) getOrDefault(seed),
                        (Integer) getOrDefault(batchSize),
                        new SerializableConfiguration(
                                dataset.sparkSession().sessionState().newHadoopConf()));
        return dataset.toDF().mapPartitions(writing, Encoders.row(schema));
    }

    /** What a task does with its rows. */
    private record Writing(
            String folder,
            int column,
            int maxNewTokens,
            double temperature,
            int topK,
            int seed,
            int batchSize,
            SerializableConfiguration configuration)
            implements MapPartitionsFunction<Row, Row>, Serializable {

        @Override
        public Iterator<Row> call(Iterator<Row> rows) throws IOException, MalformedModelException {
            if (!rows.hasNext()) {
                return rows;
            }
            ExecutorModel loaded = ExecutorModel.of(folder, configuration.value());
            TextGenerator generator =
                    TextGenerator.builder()
                            .setModel(loaded.model())
                            .setTokenizer(loaded.tokenizer())
                            .setManager(loaded.manager())
                            .optSampler(sampler())
                            .optMaxNewTokens(maxNewTokens)
                            .optSeed(seed)
                            .build();
            return new Iterator<>() {
                private Iterator<Row> batch = rows;

                @Override
                public boolean hasNext() {
                    return rows.hasNext() || batch != rows && batch.hasNext();
                }

                @Override
                public Row next() {
                    if (batch == rows || !batch.hasNext()) {
                        batch = written(generator, take(rows)).iterator();
                    }
                    return batch.next();
                }
            };
        }

        private Sampler sampler() {
            if (temperature == 0) {
                return Sampler.greedy();
            }
            Sampler all = Sampler.random();
            return (topK == 0 ? all : all.topK(topK)).temperature(temperature);
        }

        private List<Row> take(Iterator<Row> rows) {
            List<Row> batch = new ArrayList<>();
            while (rows.hasNext() && batch.size() < batchSize) {
                batch.add(rows.next());
            }
            return batch;
        }

        /** Rows without a prompt have no text either. */
        private List<Row> written(TextGenerator generator, List<Row> batch) {
            List<String> prompts =
                    batch.stream().filter(row -> !row.isNullAt(column)).map(this::prompt).toList();
            Iterator<String> texts =
                    (prompts.isEmpty() ? List.<String>of() : generator.generate(prompts))
                            .iterator();
            List<Row> written = new ArrayList<>();
            for (Row row : batch) {
                Object[] values = new Object[row.size() + 1];
                for (int i = 0; i < row.size(); i++) {
                    values[i] = row.get(i);
                }
                values[row.size()] = row.isNullAt(column) ? null : texts.next();
                written.add(RowFactory.create(values));
            }
            return written;
        }

        private String prompt(Row row) {
            return row.getString(column);
        }
    }

    /**
     * Names the model.
     *
     * @param folder Hadoop's name of the model folder, which all machines see
     * @return this stage
     */
    public SparkTextGenerator setModel(String folder) {
        set(model, folder);
        return this;
    }

    /**
     * Names the column of prompts.
     *
     * @param column {@code prompt} by default
     * @return this stage
     */
    public SparkTextGenerator setInputCol(String column) {
        set(inputCol, column);
        return this;
    }

    /**
     * Names the column of texts.
     *
     * @param column {@code text} by default
     * @return this stage
     */
    public SparkTextGenerator setOutputCol(String column) {
        set(outputCol, column);
        return this;
    }

    /**
     * Sets how long a text may become.
     *
     * @param tokens at least 1, 100 by default
     * @return this stage
     */
    public SparkTextGenerator setMaxNewTokens(int tokens) {
        set(maxNewTokens, tokens);
        return this;
    }

    /**
     * Sets the temperature.
     *
     * @param value 0 by default, for the likeliest token always
     * @return this stage
     */
    public SparkTextGenerator setTemperature(double value) {
        set(temperature, value);
        return this;
    }

    /**
     * Sets how many tokens are chosen from.
     *
     * @param tokens 0 by default, for all
     * @return this stage
     */
    public SparkTextGenerator setTopK(int tokens) {
        set(topK, tokens);
        return this;
    }

    /**
     * Sets what chances follow from.
     *
     * @param value any number, 1337 by default
     * @return this stage
     */
    public SparkTextGenerator setSeed(int value) {
        set(seed, value);
        return this;
    }

    /**
     * Sets how many rows are written side by side.
     *
     * @param rows at least 1, 16 by default
     * @return this stage
     */
    public SparkTextGenerator setBatchSize(int rows) {
        if (rows < 1) {
            throw new IllegalArgumentException("batchSize=%d must be at least 1".formatted(rows));
        }
        set(batchSize, rows);
        return this;
    }

    // Spark finds parameters by these.

    /**
     * Returns a parameter.
     *
     * @return the model folder
     */
    public Param<String> model() {
        return model;
    }

    /**
     * Returns a parameter.
     *
     * @return the column of prompts
     */
    public Param<String> inputCol() {
        return inputCol;
    }

    /**
     * Returns a parameter.
     *
     * @return the column of texts
     */
    public Param<String> outputCol() {
        return outputCol;
    }

    /**
     * Returns a parameter.
     *
     * @return the most tokens
     */
    public IntParam maxNewTokens() {
        return maxNewTokens;
    }

    /**
     * Returns a parameter.
     *
     * @return the temperature
     */
    public DoubleParam temperature() {
        return temperature;
    }

    /**
     * Returns a parameter.
     *
     * @return how many tokens are chosen from
     */
    public IntParam topK() {
        return topK;
    }

    /**
     * Returns a parameter.
     *
     * @return the seed
     */
    public IntParam seed() {
        return seed;
    }

    /**
     * Returns a parameter.
     *
     * @return the rows of a batch
     */
    public IntParam batchSize() {
        return batchSize;
    }
}
