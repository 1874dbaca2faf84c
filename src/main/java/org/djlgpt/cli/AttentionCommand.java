package org.djlgpt.cli;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.option.DeviceOption;
import org.djlgpt.cli.option.GivenText;
import org.djlgpt.cli.option.ModelFolder;
import org.djlgpt.io.AtomicFile;
import org.djlgpt.model.GptModel;
import org.djlgpt.plot.AttentionHeatmap;
import org.djlgpt.plot.AttentionPage;
import org.djlgpt.plot.PlotTheme;
import org.djlgpt.plot.WeightScale;
import org.djlgpt.text.Tokenizer;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

/** {@code gpt attention}. */
@Command(
        name = "attention",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Shows what the heads of a model look at in a text.")
final class AttentionCommand implements Callable<Integer> {

    @Mixin private ModelFolder folder;

    @Option(
            names = "--text",
            paramLabel = "TEXT",
            description =
                    "the text to read, letter by letter, at most as long as the model's context;"
                            + " it or --text-file is needed")
    private String text;

    @Option(
            names = "--text-file",
            paramLabel = "FILE",
            description =
                    "a UTF-8 file with that text, the line end at its end included; - for standard"
                            + " input")
    private Path textFile;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            required = true,
            description =
                    "what to write: a picture (.png, .svg), or a page to explore in a browser"
                            + " (.html)")
    private Path out;

    @Option(
            names = "--layer",
            paramLabel = "N",
            description = "only this layer, counted from 0 (default: all; not for .html)")
    private Integer layer;

    @Option(
            names = "--head",
            paramLabel = "N",
            description =
                    "only this head of each layer, counted from 0 (default: all; not for .html)")
    private Integer head;

    @Option(
            names = "--theme",
            paramLabel = "THEME",
            description =
                    "light or dark background (default: light; in .html as the browser prefers)")
    private PlotTheme theme;

    @Mixin private DeviceOption device;
    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, MalformedModelException {
        checkArguments();
        String read = readText();
        try (NDManager manager = device.newManager()) {
            Tokenizer tokenizer = folder.tokenizer();
            GptModel model = folder.model(manager);
            int[] ids = tokenizer.encode(read);
            List<String> tokens = tokens(ids, tokenizer);
            List<NDArray> weights = weights(model, ids, manager);
            if (isPage()) {
                page(weights, tokens).save(out);
            } else {
                picture(weights, tokens).save(out);
            }
        }
        new Output(spec.commandLine().getOut()).line("%s", out);
        return 0;
    }

    /** Refuses what can be refused without the model. */
    private void checkArguments() throws IOException {
        if (!out.toString().toLowerCase(Locale.ROOT).matches("(?s).*\\.(png|svg|html)")) {
            throw new IllegalArgumentException(
                    "--out %s is neither picture nor page; end its name in .png, .svg or .html"
                            .formatted(out));
        }
        if (isPage() && (layer != null || head != null)) {
            throw new IllegalArgumentException(
                    "--layer and --head choose what a picture shows; in a page a click does, so"
                            + " leave them out");
        }
        AtomicFile.requireWritable(out);
    }

    private String readText() throws IOException {
        GivenText given = new GivenText("--text", text, textFile);
        if (given.isMissing()) {
            throw new IllegalArgumentException(
                    "--text is missing; give the text to read, or --text-file");
        }
        String read = given.read();
        if (read.isEmpty()) {
            throw new IllegalArgumentException("the text is empty; give at least one character");
        }
        return read;
    }

    private boolean isPage() {
        return out.toString().toLowerCase(Locale.ROOT).endsWith(".html");
    }

    private static List<String> tokens(int[] ids, Tokenizer tokenizer) {
        return Arrays.stream(ids).mapToObj(tokenizer::decode).toList();
    }

    private List<NDArray> weights(GptModel model, int[] ids, NDManager manager) {
        int layers = model.config().numLayers();
        if (layer != null && (layer < 0 || layer >= layers)) {
            throw new IllegalArgumentException(
                    "--layer=%d must be from 0 to %d".formatted(layer, layers - 1));
        }
        int contextLength = model.config().contextLength();
        if (ids.length > contextLength) {
            throw new IllegalArgumentException(
                    "the text has %d tokens, but --model %s sees %d at a time; shorten it"
                            .formatted(ids.length, folder.path(), contextLength));
        }
        NDArray tokens = manager.create(ids).expandDims(0); // (1, T)
        List<NDArray> weights = model.attentionWeights(tokens); // (1, H, T, T) each
        return layer == null ? weights : List.of(weights.get(layer));
    }

    private AttentionPage page(List<NDArray> weights, List<String> tokens) {
        return AttentionPage.builder()
                .setWeights(weights)
                .setTokens(tokens)
                .optTitle("What the heads of %s look at".formatted(name()))
                .optTheme(theme)
                .build();
    }

    private AttentionHeatmap picture(List<NDArray> weights, List<String> tokens) {
        AttentionHeatmap.Builder builder =
                AttentionHeatmap.builder()
                        .setWeights(weights)
                        .optTokens(tokens)
                        .optScale(WeightScale.SQUARE_ROOT)
                        .optTitle(title())
                        .optTheme(theme == null ? PlotTheme.LIGHT : theme);
        return (head == null ? builder : builder.optHead(head)).build();
    }

    private String title() {
        String ofLayer = layer == null ? "" : ", layer " + layer;
        String ofHead = head == null ? "" : ", head " + head;
        return name() + ofLayer + ofHead;
    }

    private Path name() {
        return folder.path().toAbsolutePath().normalize().getFileName();
    }
}
