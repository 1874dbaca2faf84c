package org.djlgpt.checkpoint;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;

import org.djlgpt.io.AtomicFolder;
import org.djlgpt.io.Json;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.nn.Checks;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.Recording;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * A classifier on disk, as a Hugging Face directory that {@code
 * AutoModelForSequenceClassification.from_pretrained} reads: as {@link ModelDirectory} writes it,
 * but with the weight of a head, {@code score.weight}, and its labels in {@code config.json}:
 * {@code id2label} names them, and where it is missing there are two, {@code LABEL_0} and {@code
 * LABEL_1}, as in transformers. {@code label2id} and {@code num_labels} only repeat it. Where
 * {@code pad_token_id} is missing the classifier takes one row at a time.
 *
 * <p>Regression and several labels for a text ({@code problem_type}) are refused by name.
 */
public final class ClassifierDirectory {

    private static final String LABELS = "id2label";
    private static final String NUMBER = "num_labels";
    private static final String PAD = "pad_token_id";
    private static final String PROBLEM = "problem_type";
    private static final String SINGLE = "single_label_classification";
    private static final String ARCHITECTURES = "architectures";

    private ClassifierDirectory() {}

    /**
     * Tells whether a folder says that it holds a classifier.
     *
     * @param directory any path
     * @return whether {@code architectures} in {@code config.json} names one
     * @throws IOException if that file is there but can't be read
     * @throws MalformedModelException if it is no JSON
     */
    public static boolean isClassifier(Path directory) throws IOException, MalformedModelException {
        AtomicFolder.settle(directory);
        if (!Files.isRegularFile(directory.resolve(ModelDirectory.CONFIG))) {
            return false;
        }
        try {
            return isClassifier(new ConfigFields(ModelDirectory.readConfig(directory), null));
        } catch (IllegalArgumentException e) {
            throw new MalformedModelException(e.getMessage(), e);
        }
    }

    static boolean isClassifier(ConfigFields fields) {
        return names(fields).anyMatch(name -> name.endsWith(ModelFormat.CLASSIFIER));
    }

    private static Stream<String> names(ConfigFields fields) {
        return fields
                .value(ARCHITECTURES)
                .filter(Json::isArray)
                .map(Json::items)
                .orElse(List.of())
                .stream()
                .filter(Json::isString)
                .map(Json::string);
    }

    /**
     * Reads a classifier.
     *
     * @param directory a Hugging Face directory, its weights in the files that {@link
     *     ModelDirectory#load(Path, NDManager)} takes
     * @param manager owns the parameters, which are float32, and says on which device they are
     * @return the initialized classifier
     * @throws IOException if a file is missing or can't be read
     * @throws MalformedModelException if a file is malformed, they contradict each other, a weight
     *     is infinite or NaN, or it is another kind of model; the message names the file and the
     *     reason
     */
    public static SequenceClassifier load(Path directory, NDManager manager)
            throws IOException, MalformedModelException {
        return read(directory, null, manager);
    }

    /**
     * Reads a classifier that is to be trained with another dropout than its folder says.
     *
     * @param directory as in {@link #load(Path, NDManager)}
     * @param dropout the probability, in [0, 1), that an element is dropped in training
     * @param manager owns the parameters, which are float32, and says on which device they are
     * @return the initialized classifier
     * @throws IOException if a file is missing or can't be read
     * @throws MalformedModelException as {@link #load(Path, NDManager)}
     * @throws IllegalArgumentException if {@code dropout} lies outside [0, 1)
     */
    public static SequenceClassifier load(Path directory, float dropout, NDManager manager)
            throws IOException, MalformedModelException {
        return read(directory, Checks.requireDropout(dropout), manager);
    }

    private static SequenceClassifier read(Path directory, Float dropout, NDManager manager)
            throws IOException, MalformedModelException {
        AtomicFolder.settle(directory);
        try {
            ConfigFields fields = ModelDirectory.fields(directory, dropout);
            requireClassifier(fields);
            SequenceClassifier.Builder classifier = head(fields);
            GptConfig config = ModelFormat.of(fields).read(fields);
            try (Recording off = Recording.off();
                    WeightFiles weights = WeightFiles.open(directory)) {
                ModelReader reader = new ModelReader(config, weights);
                return reader.read(fields.checked(classifier.setConfig(config)::build), manager);
            }
        } catch (IllegalArgumentException e) {
            throw new MalformedModelException(e.getMessage(), e);
        }
    }

    private static void requireClassifier(ConfigFields fields) {
        if (names(fields).findAny().isPresent() && !isClassifier(fields)) {
            throw fields.malformed(
                    "%s is %s, which is no classifier; train one from it with labelled texts",
                    ARCHITECTURES, fields.value(ARCHITECTURES).orElseThrow());
        }
        fields.require(PROBLEM, SINGLE);
    }

    private static SequenceClassifier.Builder head(ConfigFields fields) {
        fields.value("label2id");
        SequenceClassifier.Builder head = SequenceClassifier.builder().setLabels(labels(fields));
        fields.value(PAD).ifPresent(id -> head.optPadTokenId(id(id)));
        return head;
    }

    private static int id(Json value) {
        try {
            return value.number().intValueExact();
        } catch (ArithmeticException e) {
            throw (IllegalArgumentException)
                    value.malformed("%s is %s, but a token id is an integer", PAD, value)
                            .initCause(e);
        }
    }

    private static List<String> labels(ConfigFields fields) {
        Optional<Json> stored = fields.value(LABELS);
        Optional<Json> number = fields.value(NUMBER);
        int count = number.map(ClassifierDirectory::count).orElse(2);
        Map<String, Json> names = stored.map(Json::fields).orElse(Map.of());
        if (stored.isPresent() && number.isPresent() && names.size() != count) {
            throw fields.malformed(
                    "%s is %d, but %s has %d labels; delete %s",
                    NUMBER, count, LABELS, names.size(), NUMBER);
        }
        count = stored.isPresent() ? names.size() : count;
        if (count == 1) {
            throw fields.malformed(
                    "%s has one label, which is regression in transformers; only %s is supported,"
                            + " with two labels or more",
                    LABELS, SINGLE);
        }
        List<String> labels = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Json name = names.get(String.valueOf(i));
            if (stored.isPresent() && name == null) {
                throw fields.malformed(
                        "%s has %d labels, but none for %d; number them from 0 to %d",
                        LABELS, count, i, count - 1);
            }
            labels.add(name == null ? "LABEL_" + i : name.string());
        }
        return labels;
    }

    /** A million labels that nobody has named would take long only to list. */
    private static int count(Json value) {
        return (int) value.wholeNumber(100_000);
    }

    /** Writes what {@link #head} reads. */
    static void writeHead(SequenceClassifier classifier, JsonObject json) {
        JsonObject names = new JsonObject();
        JsonObject numbers = new JsonObject();
        for (String label : classifier.labels()) {
            names.addProperty(String.valueOf(numbers.size()), label);
            numbers.addProperty(label, numbers.size());
        }
        json.add(LABELS, names);
        json.add("label2id", numbers);
        json.addProperty(NUMBER, numbers.size());
        json.addProperty(PROBLEM, SINGLE);
        json.add(PAD, JsonNull.INSTANCE);
        classifier.padTokenId().ifPresent(id -> json.addProperty(PAD, id));
    }

    /**
     * Writes a classifier, and leaves the tokenizer as it is.
     *
     * @param classifier an initialized classifier; one with an adapter is written as {@link
     *     org.djlgpt.model.Lora#merge} makes it
     * @param directory the folder, created if it is missing; a model that lies there is replaced
     * @throws IOException if the folder can't be written; what lies there is unchanged
     */
    public static void save(SequenceClassifier classifier, Path directory) throws IOException {
        ModelWriter writer = new ModelWriter(classifier, OptionalInt.empty());
        AtomicFolder.write(directory, ModelDirectory.MODEL, writer::write);
    }

    /**
     * Writes a classifier and its tokenizer.
     *
     * @param classifier as for {@link #save(SequenceClassifier, Path)}
     * @param tokenizer what its token ids mean
     * @param directory the folder, created if it is missing; the model and the tokenizer that lie
     *     there are replaced
     * @throws IOException if the folder can't be written; what lies there is unchanged
     * @throws IllegalArgumentException if the vocabulary has more ids than the classifier
     */
    public static void save(SequenceClassifier classifier, Tokenizer tokenizer, Path directory)
            throws IOException {
        ModelDirectory.requireRoomFor(tokenizer, classifier.config());
        ModelWriter writer = new ModelWriter(classifier, tokenizer.endOfText());
        AtomicFolder.write(
                directory,
                ModelDirectory.MODEL.or(Tokenizer::isPart),
                folder -> {
                    writer.write(folder);
                    tokenizer.save(folder);
                });
    }
}
