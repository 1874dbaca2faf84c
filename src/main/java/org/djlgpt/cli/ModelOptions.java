package org.djlgpt.cli;

import org.djlgpt.model.GptConfig;

import picocli.CommandLine.Option;

/** The size of the model. */
final class ModelOptions {

    @Option(
            names = "--layers",
            paramLabel = "N",
            defaultValue = "4",
            description = "transformer blocks (default: 4)")
    private int layers;

    @Option(
            names = "--heads",
            paramLabel = "N",
            defaultValue = "4",
            description =
                    "attention heads in a layer; must divide the embedding width (default: 4)")
    private int heads;

    @Option(
            names = "--embedding-dim",
            paramLabel = "N",
            defaultValue = "128",
            description = "width of a token inside the model (default: 128)")
    private int embeddingDim;

    @Option(
            names = "--context-length",
            paramLabel = "N",
            defaultValue = "64",
            description = "tokens that the model sees at a time (default: 64)")
    private int contextLength;

    @Option(
            names = "--dropout",
            paramLabel = "P",
            defaultValue = "0",
            description =
                    "probability, in [0, 1), that an element is dropped in training (default: 0)")
    private float dropout;

    @Option(names = "--qkv-bias", description = "give the query, key and value layers a bias")
    private boolean qkvBias;

    GptConfig config(int vocabSize) {
        return GptConfig.builder()
                .setVocabSize(vocabSize)
                .setContextLength(contextLength)
                .setEmbeddingDim(embeddingDim)
                .setNumHeads(heads)
                .setNumLayers(layers)
                .optDropout(dropout)
                .optQkvBias(qkvBias)
                .build();
    }
}
