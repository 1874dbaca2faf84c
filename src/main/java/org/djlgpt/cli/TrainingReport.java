package org.djlgpt.cli;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.nn.Parameter;

import org.djlgpt.cli.Lesson.Yardstick;
import org.djlgpt.generation.TextGenerator;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.LoraConfig;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What {@code gpt train} says before and after the steps. */
final class TrainingReport {

    private final Output out;
    private final Launch launch = Launch.current();

    TrainingReport(Output out) {
        this.out = out;
    }

    void text(String source, long tokens, long heldOut, int vocabSize) {
        out.line(
                "Text     %s: %,d tokens to train on, %,d held out, vocabulary of %,d",
                source, tokens, heldOut, vocabSize);
    }

    void remarks(List<String> remarks) {
        remarks.forEach(remark -> out.line("         %s", remark));
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

    void frozen(GptModel model, FreezeOption freeze) {
        if (freeze.isGiven()) {
            long trained =
                    model.getParameters().values().stream()
                            .filter(Parameter::requiresGradient)
                            .mapToLong(parameter -> parameter.getShape().size())
                            .sum();
            trained("Frozen", freeze.describe(), trained, model.config());
        }
    }

    private void trained(String label, String what, long trained, GptConfig size) {
        double share = 100.0 * trained / size.parameterCount();
        out.line("%-8s %s: %,d parameters are trained, %.2f %%", label, what, trained, share);
    }

    private void adapter(LoraConfig lora, GptConfig size) {
        trained("LoRA", LoraOptions.describe(lora), Lora.parameterCount(size, lora), size);
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

    void losses(String unit, TrainingRun run, String where) {
        blank();
        out.line("Loss     %s, lower is better", unit);
        List<Yardstick> yardsticks = run.yardsticks();
        yardsticks.forEach(
                yardstick -> out.line("         %7.4f  %s", yardstick.loss(), yardstick.meaning()));
        Yardstick last = yardsticks.get(yardsticks.size() - 1);
        out.line(
                "         %7.4f  this model %s, %s",
                run.bestLoss(),
                where,
                last.loss() > 0
                        ? String.format(
                                Locale.ROOT,
                                "%.0f %% of %s",
                                100 * run.bestLoss() / last.loss(),
                                last.name())
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

    /** Names what a run leaves, and a line that writes with it. */
    void files(RunDirectory run, String... prompt) {
        blank();
        out.line("Model    %s", run.path());
        out.line("Curve    %s", run.curve());
        out.line("Metrics  %s", run.metrics());
        out.line(
                "More     %s",
                launch.line(
                        Stream.concat(
                                        Stream.of("generate", "--model", run.path().toString()),
                                        Stream.of(prompt))
                                .toArray(String[]::new)));
    }

    private void blank() {
        out.text(System.lineSeparator());
    }
}
