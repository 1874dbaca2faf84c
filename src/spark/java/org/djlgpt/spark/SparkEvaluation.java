package org.djlgpt.spark;

import ai.djl.MalformedModelException;

import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.ml.evaluation.Evaluator;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;
import org.djlgpt.data.TokenWindows;
import org.djlgpt.data.Tokens;
import org.djlgpt.training.Evaluation;
import org.djlgpt.training.Evaluation.LossSum;

import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;

/**
 * The perplexity of a model on the texts of a column: the exponential of the mean loss of all
 * tokens that follow another in their text. A text longer than the model's context is taken in
 * pieces, each of which begins with the last token of the one before. An evaluator of Spark's ML,
 * which saves and loads as they do.
 *
 * <pre>{@code
 * double perplexity = new SparkEvaluation().setModel("hdfs://host/models/gpt").evaluate(texts);
 * }</pre>
 *
 * @serial exclude
 */
public final class SparkEvaluation extends Evaluator implements DefaultParamsWritable {

    private static final long serialVersionUID = 1;

    private final String uid;
    private final Param<String> model;
    private final Param<String> inputCol;

    /** Makes an evaluator. */
    public SparkEvaluation() {
        this(Identifiable$.MODULE$.randomUID("perplexity"));
    }

    /**
     * Makes an evaluator of a name, as Spark does when it loads one.
     *
     * @param uid the name
     */
    public SparkEvaluation(String uid) {
        this.uid = uid;
        model = new Param<>(this, "model", "Hadoop's name of the model folder");
        inputCol = new Param<>(this, "inputCol", "column of texts");
        set(inputCol, "text");
    }

    /**
     * Reads saved evaluators.
     *
     * @return the reader
     */
    public static MLReader<SparkEvaluation> read() {
        return new DefaultParamsReader<>();
    }

    /**
     * Reads a saved evaluator.
     *
     * @param path where it is
     * @return the evaluator
     */
    public static SparkEvaluation load(String path) {
        return read().load(path);
    }

    @Override
    public String uid() {
        return uid;
    }

    @Override
    public SparkEvaluation copy(ParamMap extra) {
        return (SparkEvaluation) defaultCopy(extra);
    }

    @Override
    public boolean isLargerBetter() {
        return false;
    }

    /**
     * Measures.
     *
     * @param dataset the texts
     * @return the perplexity, at least 1; NaN if no text has two tokens
     * @throws IllegalArgumentException if the model is not set
     */
    @Override
    public double evaluate(Dataset<?> dataset) {
        if (get(model).isEmpty()) {
            throw new IllegalArgumentException("the model is not set; call setModel");
        }
        Losses losses =
                new Losses(
                        getOrDefault(model),
                        new SerializableConfiguration(
                                dataset.sparkSession().sessionState().newHadoopConf()));
        List<String> sums =
                dataset.toDF()
                        .select(getOrDefault(inputCol))
                        .mapPartitions(losses, Encoders.STRING())
                        .collectAsList();
        LossSum all = new LossSum(0, 0);
        for (String sum : sums) {
            String[] parts = sum.split(" ");
            all = all.plus(new LossSum(Double.parseDouble(parts[0]), Long.parseLong(parts[1])));
        }
        return Math.exp(all.mean());
    }

    /** What a task does with its texts. */
    private record Losses(String folder, SerializableConfiguration configuration)
            implements MapPartitionsFunction<Row, String>, Serializable {

        @Override
        public Iterator<String> call(Iterator<Row> rows)
                throws IOException, MalformedModelException {
            LossSum sum = new LossSum(0, 0);
            if (rows.hasNext()) {
                ExecutorModel loaded = ExecutorModel.of(folder, configuration.value());
                Evaluation evaluation = new Evaluation(loaded.model(), loaded.manager(), 1);
                int context = loaded.model().config().contextLength();
                while (rows.hasNext()) {
                    Row row = rows.next();
                    if (!row.isNullAt(0)) {
                        int[] ids = loaded.tokenizer().encode(row.getString(0));
                        sum = sum.plus(loss(evaluation, Tokens.of(ids), context));
                    }
                }
            }
            return List.of(sum.sum() + " " + sum.count()).iterator();
        }

        private static LossSum loss(Evaluation evaluation, Tokens tokens, int context) {
            LossSum sum = new LossSum(0, 0);
            long whole = Math.max(0, tokens.size() - 1) / context * context;
            if (whole > 0) {
                sum = sum.plus(loss(evaluation, tokens.slice(0, whole + 1), context, whole));
            }
            int rest = (int) (tokens.size() - 1 - whole);
            return rest < 1
                    ? sum
                    : sum.plus(loss(evaluation, tokens.slice(whole, tokens.size()), rest, rest));
        }

        private static LossSum loss(Evaluation evaluation, Tokens tokens, int length, long count) {
            TokenWindows windows =
                    TokenWindows.builder().setTokens(tokens).setContextLength(length).build();
            return evaluation.share(windows, count / length, 0, 1);
        }
    }

    /**
     * Names the model.
     *
     * @param folder Hadoop's name of the model folder, which all machines see
     * @return this evaluator
     */
    public SparkEvaluation setModel(String folder) {
        set(model, folder);
        return this;
    }

    /**
     * Names the column of texts.
     *
     * @param column {@code text} by default
     * @return this evaluator
     */
    public SparkEvaluation setInputCol(String column) {
        set(inputCol, column);
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
     * @return the column of texts
     */
    public Param<String> inputCol() {
        return inputCol;
    }
}
