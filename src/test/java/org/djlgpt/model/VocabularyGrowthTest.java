package org.djlgpt.model;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.LoraConfig;
import org.djlgpt.nn.Pass;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.Recording;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Arrays;
import java.util.List;

/** Models that learn of further tokens. */
class VocabularyGrowthTest {

    private static final int OLD = 37;
    private static final int NEW = 40;
    private static final int WIDTH = 16;

    /** One model of each kind. */
    enum Family {
        GPT2(TinyGpt.size(OLD, 8).build()),
        UNTIED_GPT2(TinyGpt.size(OLD, 8).optTiedOutput(false).build()),
        LLAMA(llama(true)),
        UNTIED_LLAMA(llama(false));

        private final GptConfig config;

        Family(GptConfig config) {
            this.config = config;
        }

        private static LlamaConfig llama(boolean tied) {
            return LlamaConfig.builder()
                    .setVocabSize(OLD)
                    .setContextLength(8)
                    .setEmbeddingDim(WIDTH)
                    .setNumHeads(4)
                    .optNumKeyValueHeads(2)
                    .setNumLayers(2)
                    .optTiedOutput(tied)
                    .build();
        }
    }

    private NDManager manager;
    private RandomArrays arrays;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        arrays = new RandomArrays(manager, 3);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @ParameterizedTest
    @EnumSource
    void newTokensAreTheMeanAndOldOnesWhatTheyWere(Family family) {
        GptModel before = TinyGpt.scrambled(family.config, 1, manager);
        GptModel after = before.withVocabSize(NEW, manager);

        assertEquals(family.config.withVocabSize(NEW), after.config());
        assertEquals(family.config.withVocabSize(NEW).parameterCount(), after.parameterCount());
        for (List<Parameter> both :
                List.of(
                        List.of(before.tokenEmbedding().weight(), after.tokenEmbedding().weight()),
                        List.of(before.outputWeight(), after.outputWeight()))) {
            float[] old = both.get(0).getArray().toFloatArray();
            float[] grown = both.get(1).getArray().toFloatArray();
            assertEquals(NEW * WIDTH, grown.length);
            assertArrayEquals(old, Arrays.copyOf(grown, OLD * WIDTH));
            for (int i = OLD * WIDTH; i < grown.length; i++) {
                double sum = 0;
                for (int token = 0; token < OLD; token++) {
                    sum += old[token * WIDTH + i % WIDTH];
                }
                assertEquals(sum / OLD, grown[i], 1e-6);
            }
        }
        NDArray tokens = arrays.ids(OLD, 2, 7);
        NDArray logits = Blocks.infer(after, tokens); // (2, 7, NEW)
        assertArrayEquals(
                Blocks.infer(before, tokens).toFloatArray(),
                logits.get("..., :" + OLD).toFloatArray(),
                1e-6f);
        assertArrayEquals(
                Blocks.infer(before, tokens).mean(new int[] {2}).toFloatArray(),
                logits.get("..., " + (NEW - 1)).toFloatArray(),
                1e-5f);
    }

    @ParameterizedTest
    @EnumSource
    void allOfTheGrownModelIsTrained(Family family) {
        GptModel model = TinyGpt.scrambled(family.config, 1, manager).withVocabSize(NEW, manager);
        List<NDArray> weights = Blocks.parameters(model).stream().map(Parameter::getArray).toList();
        NDArray tokens = arrays.ids(NEW, 2, 7);
        try (Recording on = Recording.on()) {
            Pass pass = new Pass(new ParameterStore(manager, false), true);
            NDList gradients = Gradients.of(model.loss(tokens, tokens, pass), weights);
            for (NDArray gradient : gradients) {
                assertTrue(gradient.norm().getFloat() > 0, () -> "of " + gradient.getShape());
            }
        }
    }

    @Test
    void aFrozenPartStaysFrozen() {
        GptModel before = TinyGpt.model(Family.UNTIED_GPT2.config, 1, manager);
        before.freezeEmbeddings();
        GptModel after = before.withVocabSize(NEW, manager);

        assertTrue(!after.tokenEmbedding().weight().requiresGradient());
        assertTrue(after.outputWeight().requiresGradient());
        assertNotNull(after.outputWeight().getArray());
    }

    @Test
    void whatCannotGrowIsRefused() {
        GptModel model = TinyGpt.model(Family.LLAMA.config, 1, manager);
        assertSame(model, model.withVocabSize(OLD, manager));
        assertRefused(
                () -> model.withVocabSize(OLD - 1, manager), "vocabSize=36 must be at least 37");
        GptModel adapted = Lora.adapt(model, LoraConfig.builder().setRank(2).build(), manager);
        assertRefused(() -> adapted.withVocabSize(NEW, manager), "has an adapter");
        assertRefused(
                () -> new GptModel(Family.LLAMA.config).withVocabSize(NEW, manager),
                "not initialized");
        Lora.freezeInBFloat16(model);
        assertRefused(() -> model.withVocabSize(NEW, manager), "bfloat16");
    }
}
