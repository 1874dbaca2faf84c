package org.djlgpt.cli;

import org.djlgpt.training.TrainingConfig;

import picocli.CommandLine.Option;

/** How the model is trained. */
final class TrainingOptions {

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "12",
            description = "windows in a forward pass (default: 12)")
    private int batchSize;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "2000",
            description = "optimizer steps (default: 2000)")
    private int steps;

    @Option(
            names = "--gradient-accumulation",
            paramLabel = "N",
            defaultValue = "1",
            description = "forward passes whose gradients make one step (default: 1)")
    private int gradientAccumulation;

    @Option(
            names = "--learning-rate",
            paramLabel = "RATE",
            defaultValue = "0.001",
            description = "peak of the learning rate (default: 0.001)")
    private double learningRate;

    @Option(
            names = "--min-learning-rate",
            paramLabel = "RATE",
            description = "learning rate at the end of the cosine (default: a tenth of the peak)")
    private Double minLearningRate;

    @Option(
            names = "--warmup-steps",
            paramLabel = "N",
            description =
                    "steps that the rate rises for (default: 100, or a tenth of the steps if that"
                            + " is less)")
    private Integer warmupSteps;

    @Option(
            names = "--decay-steps",
            paramLabel = "N",
            description =
                    "step at which the cosine ends; a longer run goes on at its end (default: the"
                            + " number of steps)")
    private Integer decaySteps;

    @Option(
            names = "--weight-decay",
            paramLabel = "X",
            defaultValue = "0.1",
            description = "decay of matrices and embeddings (default: 0.1)")
    private double weightDecay;

    @Option(
            names = "--beta1",
            paramLabel = "X",
            defaultValue = "0.9",
            description = "AdamW's decay of the mean of gradients (default: 0.9)")
    private double beta1;

    @Option(
            names = "--beta2",
            paramLabel = "X",
            defaultValue = "0.99",
            description = "AdamW's decay of the mean of squared gradients (default: 0.99)")
    private double beta2;

    @Option(
            names = "--clip-norm",
            paramLabel = "X",
            defaultValue = "1",
            description = "greatest global norm of the gradients, 0 for no limit (default: 1)")
    private double clipNorm;

    @Option(
            names = "--eval-every",
            paramLabel = "N",
            defaultValue = "250",
            description = "steps between evaluations (default: 250)")
    private int evalEvery;

    @Option(
            names = "--eval-batches",
            paramLabel = "N",
            defaultValue = "20",
            description = "batches in an evaluation (default: 20)")
    private int evalBatches;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1337",
            description =
                    "what first values, the order of the data, dropout and the sample follow from"
                            + " (default: 1337)")
    private int seed;

    /** Settles what was left open, too: a run that goes on must not derive it anew. */
    TrainingConfig config() {
        minLearningRate = minLearningRate == null ? learningRate / 10 : minLearningRate;
        decaySteps = decaySteps == null ? steps : decaySteps;
        warmupSteps = warmupSteps == null ? Math.min(100, decaySteps / 10) : warmupSteps;
        return TrainingConfig.builder()
                .optSteps(steps)
                .optBatchSize(batchSize)
                .optGradientAccumulation(gradientAccumulation)
                .optLearningRate(learningRate)
                .optMinLearningRate(minLearningRate)
                .optWarmupSteps(warmupSteps)
                .optDecaySteps(decaySteps)
                .optWeightDecay(weightDecay)
                .optBeta1(beta1)
                .optBeta2(beta2)
                .optClipNorm(clipNorm)
                .optEvalEvery(evalEvery)
                .optEvalBatches(evalBatches)
                .optSeed(seed)
                .build();
    }
}
