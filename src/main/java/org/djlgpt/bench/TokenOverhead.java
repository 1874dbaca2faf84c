package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.decoder.GptCache;
import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.generation.Decoding;
import org.djlgpt.generation.Sampler;
import org.djlgpt.generation.TokenGenerator;
import org.djlgpt.model.Gpt2Config;

import java.util.List;

/**
 * A token of a model so small that what does not depend on size shows: as it is generated, and the
 * part of that which the decoder takes, nearly all of it in native code.
 *
 * @param precision what the weights are kept in
 */
record TokenOverhead(WeightPrecision precision) implements Workload {

    static final String TOKEN = "token";
    static final String DECODER = "decoder";

    private static final Gpt2Config SIZE =
            Gpt2Config.builder()
                    .setVocabSize(65)
                    .setContextLength(1024)
                    .setEmbeddingDim(64)
                    .setNumHeads(4)
                    .setNumLayers(2)
                    .build();

    @Override
    public List<Phase> prepare(NDManager manager) {
        GptDecoder decoder = new GptDecoder(Models.random(SIZE, manager), precision, manager);
        Decoding decoding =
                new TokenGenerator(decoder, manager, Sampler.greedy()).start(new int[] {1});
        GptCache cache = decoder.newCache(manager, 1);
        NDArray token = manager.zeros(new Shape(1, 1), DataType.INT64);
        return List.of(
                new Phase(TOKEN, decoding::next),
                new Phase(
                        DECODER,
                        () -> {
                            if (cache.length() == cache.contextLength()) {
                                cache.truncate(3 * cache.contextLength() / 4); // as Decoding does
                            }
                            decoder.next(token, cache).close();
                        }));
    }
}
