package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.modality.Classifications;
import ai.djl.modality.Classifications.Classification;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtEngine;
import ai.djl.translate.TranslateException;

import com.google.gson.Gson;
import com.google.gson.JsonObject;

import org.djlgpt.checkpoint.ClassifierDirectory;
import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.option.DeviceOption;
import org.djlgpt.cli.option.GivenText;
import org.djlgpt.cli.option.MemoryLimit;
import org.djlgpt.generation.ClassificationTranslator;
import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.nn.Checks;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.training.ClassificationReport;
import org.djlgpt.tuning.LabelledText;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code gpt classify}. */
@Command(
        name = "classify",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Says which label a text has, or each text of a file.")
final class ClassifyCommand implements Callable<Integer> {

    @Option(
            names = "--model",
            paramLabel = "DIR",
            required = true,
            description =
                    "the classifier: a folder that gpt train has left, or one of Hugging Face (an"
                            + " AutoModelForSequenceClassification)")
    private Path path;

    @Option(
            names = "--text",
            paramLabel = "TEXT",
            description = "the text to label; it, --text-file or --data is needed")
    private String text;

    @Option(
            names = "--text-file",
            paramLabel = "FILE",
            description = "a UTF-8 file with that text; - for standard input")
    private Path textFile;

    @Option(
            names = "--data",
            paramLabel = "FILE",
            description =
                    "texts to label: a CSV file with a column \"text\", or lines of JSON with a"
                            + " \"text\" (.jsonl); where there is a \"label\", too, accuracy and a"
                            + " confusion matrix follow")
    private Path data;

    @Option(
            names = "--json",
            description =
                    "print a line of JSON for each text, and one for accuracy and confusion matrix")
    private boolean json;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "16",
            description = "texts in a forward pass (default: 16)")
    private int batchSize;

    @Mixin private DeviceOption device;
    @Spec private CommandSpec spec;

    private Output out;

    @Override
    public Integer call() throws IOException, MalformedModelException {
        Checks.requirePositive("batchSize", batchSize);
        out = new Output(spec.commandLine().getOut());
        List<LabelledText> texts = texts();
        if (!Files.isDirectory(path)) {
            throw new IllegalArgumentException(
                    "--model %s is no folder; name that of a classifier".formatted(path));
        }
        try (NDManager manager = device.newManager();
                Model model =
                        Model.newInstance(
                                "classifier", manager.getDevice(), PtEngine.ENGINE_NAME)) {
            Tokenizer tokenizer = Tokenizer.load(path);
            SequenceClassifier classifier = ClassifierDirectory.load(path, model.getNDManager());
            requireLabels(texts, classifier.labels());
            requireTokens(texts, tokenizer, classifier.config().contextLength());
            int rows = classifier.padTokenId().isPresent() ? batchSize : 1;
            MemoryLimit.of(manager.getDevice())
                    .requireForward(classifier.config(), Math.min(rows, texts.size()));
            model.setBlock(classifier);
            try (Predictor<String, Classifications> predictor =
                    model.newPredictor(new ClassificationTranslator(classifier, tokenizer))) {
                classify(texts, rows, classifier.labels(), predictor);
            }
        }
        return 0;
    }

    private List<LabelledText> texts() throws IOException {
        GivenText given = new GivenText("--text", text, textFile);
        if (given.isMissing() == (data == null)) {
            throw new IllegalArgumentException(
                    data == null
                            ? "--text is missing; give the text to label, --text-file or --data"
                            : "--data and --text are both given; leave one of them out");
        }
        return data == null
                ? List.of(new LabelledText(given.read(), null, place()))
                : LabelledText.read(data);
    }

    private String place() {
        return text == null ? "--text-file " + textFile : "--text";
    }

    private static void requireLabels(List<LabelledText> texts, List<String> labels) {
        for (LabelledText one : texts) {
            if (one.label() != null && !labels.contains(one.label())) {
                throw new IllegalArgumentException(
                        "%s: the label \"%s\" is none of the classifier's, %s"
                                .formatted(one.place(), one.label(), labels));
            }
        }
    }

    private void requireTokens(List<LabelledText> texts, Tokenizer tokenizer, int contextLength) {
        long cut = 0;
        for (LabelledText one : texts) {
            try {
                cut += tokenizer.encode(one.text()).length > contextLength ? 1 : 0;
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(one.place() + ": " + e.getMessage(), e);
            }
        }
        if (cut > 0) {
            spec.commandLine()
                    .getErr()
                    .printf(
                            "%,d of %,d texts have more than %,d tokens; the rest of them is not"
                                    + " read%n",
                            cut, texts.size(), contextLength);
        }
    }

    private void classify(
            List<LabelledText> texts,
            int rows,
            List<String> labels,
            Predictor<String, Classifications> predictor) {
        long[][] confusion = new long[labels.size()][labels.size()];
        for (int from = 0; from < texts.size(); from += rows) {
            List<LabelledText> batch = texts.subList(from, Math.min(from + rows, texts.size()));
            List<Classifications> found = predict(batch, predictor);
            for (int i = 0; i < batch.size(); i++) {
                print(batch.get(i), found.get(i));
                if (batch.get(i).label() != null) {
                    int label = labels.indexOf(batch.get(i).label());
                    confusion[label][labels.indexOf(best(found.get(i)))]++;
                }
            }
        }
        ClassificationReport report = new ClassificationReport(labels, confusion);
        if (report.texts() > 0) {
            print(report);
        }
    }

    private static List<Classifications> predict(
            List<LabelledText> batch, Predictor<String, Classifications> predictor) {
        try {
            return predictor.batchPredict(batch.stream().map(LabelledText::text).toList());
        } catch (TranslateException e) {
            throw e.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException(e);
        }
    }

    private static String best(Classifications found) {
        return found.best().getClassName();
    }

    private void print(LabelledText one, Classifications found) {
        if (json) {
            JsonObject line = new JsonObject();
            if (data != null) {
                line.addProperty("text", one.text());
            }
            line.addProperty("label", best(found));
            JsonObject probabilities = new JsonObject();
            found.items()
                    .forEach(item -> probabilities.addProperty(item.getClassName(), share(item)));
            line.add("probabilities", probabilities);
            out.line("%s", line);
        } else if (data == null) {
            int width = found.getClassNames().stream().mapToInt(String::length).max().orElse(0);
            found.items().stream()
                    .sorted(Comparator.comparing(item -> -item.getProbability()))
                    .forEach(
                            item ->
                                    out.line(
                                            "%-" + width + "s  %.4f",
                                            item.getClassName(),
                                            item.getProbability()));
        } else {
            out.line(
                    "%s\t%.4f\t%s",
                    best(found),
                    found.best().getProbability(),
                    one.text().replaceAll("\\s+", " ").strip());
        }
    }

    /** Returns a probability with the digits that a float has. */
    private static double share(Classification item) {
        return Double.parseDouble(Float.toString((float) item.getProbability()));
    }

    private void print(ClassificationReport report) {
        if (json) {
            JsonObject line = new JsonObject();
            line.addProperty("accuracy", report.accuracy());
            line.add("labels", new Gson().toJsonTree(report.labels()));
            line.add("confusion", new Gson().toJsonTree(report.confusion()));
            out.line("%s", line);
        } else {
            out.text(System.lineSeparator());
            out.line("%s", report);
        }
    }
}
