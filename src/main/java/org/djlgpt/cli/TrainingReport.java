package org.djlgpt.cli;

import ai.djl.Device;
import ai.djl.MalformedModelException;

import org.djlgpt.generation.TextGenerator;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.training.Baselines;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** What {@code gpt train} says before and after the steps. */
final class TrainingReport {

    private final Output out;
    private final Launch launch = Launch.current();

    TrainingReport(Output out) {
        this.out = out;
    }

    void text(TrainingData text) {
        out.line(
                "Text     %s: %,d tokens to train on, %,d held out, vocabulary of %,d",
                text.source(),
                text.training().size(),
                text.validation().size(),
                text.tokenizer().vocabSize());
        text.remarks().forEach(remark -> out.line("         %s", remark));
    }

    void prepared(Path folder) {
        out.line("Tokens   %s", folder);
        out.line("More     %s", launch.line("train", "--data", folder.toString()));
    }

    void model(GptModel model, Device device) {
        GptConfig size = model.config();
        boolean isGrouped = size.numKeyValueHeads() < size.numHeads();
        out.line(
                "Model    layers %d, heads %d%s, dimensions %,d, context %,d: %,d parameters on %s",
                size.numLayers(),
                size.numHeads(),
                isGrouped ? " on %d keys".formatted(size.numKeyValueHeads()) : "",
                size.embeddingDim(),
                size.contextLength(),
                size.parameterCount(),
                DeviceOption.name(device));
        Lora.config(model).ifPresent(lora -> adapter(lora, size));
    }

    private void adapter(LoraConfig lora, GptConfig size) {
        long trained = Lora.parameterCount(size, lora);
        out.line(
                "LoRA     %s: %,d parameters are trained, %.2f %%",
                LoraOptions.describe(lora), trained, 100.0 * trained / size.parameterCount());
    }

    void stopped(RunDirectory run) throws IOException, MalformedModelException {
        blank();
        if (!run.isSaved()) {
            out.line("Stopped  before anything was saved");
            return;
        }
        int step = run.readCheckpoint().step();
        out.line("Stopped  after step %d, saved in %s", step, run.checkpoint());
        out.line("More     %s", launch.line("train", "--resume", run.path().toString()));
    }

    void losses(double loss, Baselines baselines) {
        blank();
        out.line("Loss     in nats per token, lower is better");
        out.line(
                "         %7.4f  knowing nothing: every token equally likely (uniform)",
                baselines.uniform());
        out.line(
                "         %7.4f  knowing how often each token comes (unigram)",
                baselines.unigram());
        out.line(
                "         %7.4f  this model on text that it has not seen, %s",
                loss,
                baselines.unigram() > 0
                        ? String.format(
                                Locale.ROOT, "%.0f %% of unigram", 100 * loss / baselines.unigram())
                        : "where every token is the same");
    }

    void sample(TextGenerator generator, String how, String opening) {
        blank();
        out.line("Sample   %s", how);
        blank();
        out.text(opening);
        generator.generate(opening, out::text);
        blank();
    }

    void files(RunDirectory run, String opening) {
        blank();
        out.line("Model    %s", run.path());
        out.line("Curve    %s", run.curve());
        out.line("Metrics  %s", run.metrics());
        out.line(
                "More     %s",
                launch.line("generate", "--model", run.path().toString(), "--prompt", opening));
    }

    private void blank() {
        out.text(System.lineSeparator());
    }
}
