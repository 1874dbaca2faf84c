package org.djlgpt.cli.train;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.nn.Parameter;

import org.djlgpt.cli.console.Launch;
import org.djlgpt.cli.console.Output;
import org.djlgpt.cli.option.DeviceOption;
import org.djlgpt.cli.option.LoraOptions;
import org.djlgpt.cli.train.Lesson.Yardstick;
import org.djlgpt.model.GptConfig;
import org.djlgpt.model.GptTrunk;
import org.djlgpt.model.Lora;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.torch.ComputeDevice;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What {@code gpt train} says before and after the steps. */
final class TrainingReport {

    private final Output out;
    private final Launch launch = Launch.current();

    TrainingReport(Output out) {
        this.out = out;
    }

    void material(List<String> description) {
        out.line("%s", description.get(0));
        description.stream().skip(1).forEach(remark -> out.line("         %s", remark));
    }

    void prepared(Path folder) {
        out.line("Tokens   %s", folder);
        out.line("More     %s", launch.line("train", "--data", folder.toString()));
    }

    void model(GptTrunk model, FreezeOption freeze, Device device) {
        GptConfig size = model.config();
        boolean isGrouped = size.numKeyValueHeads() < size.numHeads();
        Optional<LoraConfig> lora = Lora.config(model);
        long whole =
                model.parameterCount()
                        - lora.map(adapter -> Lora.parameterCount(size, adapter)).orElse(0L);
        out.line(
                "Model    layers %d, heads %d%s, dimensions %,d, context %,d: %,d parameters on %s",
                size.numLayers(),
                size.numHeads(),
                isGrouped ? " on %d keys".formatted(size.numKeyValueHeads()) : "",
                size.embeddingDim(),
                size.contextLength(),
                whole,
                ComputeDevice.name(device));
        long trained = trained(model);
        double share = 100.0 * trained / whole;
        lora.ifPresent(
                adapter ->
                        out.line(
                                "LoRA     %s: %,d parameters are trained, %.2f %%",
                                LoraOptions.describe(adapter), trained, share));
        if (freeze.isGiven()) {
            out.line(
                    "Frozen   %s: %,d parameters are trained, %.2f %%",
                    freeze.describe(), trained, share);
        }
    }

    private static long trained(GptTrunk model) {
        return model.getParameters().values().stream()
                .filter(Parameter::requiresGradient)
                .mapToLong(parameter -> parameter.getShape().size())
                .sum();
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

    /** Begins with a sample; what is written follows. */
    void sample(String how, String prompt) {
        blank();
        out.line("Sample   %s", how);
        blank();
        out.text(prompt);
    }

    void text(String piece) {
        out.text(piece);
    }

    /** Names what a run leaves, and a command that goes on with it. */
    void files(RunDirectory run, String command, String... prompt) {
        blank();
        out.line("Model    %s", run.path());
        out.line("Curve    %s", run.curve());
        out.line("Metrics  %s", run.metrics());
        out.line(
                "More     %s",
                launch.line(
                        Stream.concat(
                                        Stream.of(command, "--model", run.path().toString()),
                                        Stream.of(prompt))
                                .toArray(String[]::new)));
    }

    private void blank() {
        out.text(System.lineSeparator());
    }
}
