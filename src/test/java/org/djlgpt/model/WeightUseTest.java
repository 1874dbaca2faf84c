package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.initialized;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

import org.djlgpt.nn.Autocast;
import org.djlgpt.nn.Pass;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** Under autocast a weight is rounded each time that it is used, so it must be used once. */
class WeightUseTest {

    private NDManager manager;
    private NDArray tokens;
    private CountingStore store;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        tokens = manager.create(new long[] {1, 2, 3, 4}, new Shape(1, 4));
        store = new CountingStore(manager);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    static Stream<GptConfig> configs() {
        LlamaConfig.Builder llama =
                LlamaConfig.builder()
                        .setVocabSize(10)
                        .setContextLength(4)
                        .setEmbeddingDim(16)
                        .setNumHeads(4)
                        .setNumLayers(2)
                        .optNumKeyValueHeads(2);
        return Stream.of(
                TinyGpt.size(10, 4).setNumLayers(2).build(),
                llama.optRelative(LlamaConfig.Relative.QWEN2).build(),
                llama.optRelative(LlamaConfig.Relative.QWEN3).build());
    }

    @ParameterizedTest
    @MethodSource("configs")
    void aPassUsesEachWeightOnce(GptConfig config) {
        GptModel model = initialized(new GptModel(config), manager, tokens.getShape());
        try (Autocast scope = Autocast.bfloat16()) {
            model.forward(store, new NDList(tokens), true);
        }
        assertUsedOnce(model);
    }

    @ParameterizedTest
    @MethodSource("configs")
    void aLossUsesEachWeightOnce(GptConfig config) {
        GptModel model = initialized(new GptModel(config), manager, tokens.getShape());
        try (Autocast scope = Autocast.bfloat16()) {
            model.loss(tokens, tokens, new Pass(store, true));
        }
        assertUsedOnce(model);
    }

    /** The tied embedding is read as a table, in float32, and used as a weight once. */
    private void assertUsedOnce(GptModel model) {
        model.getParameters()
                .forEach(
                        named -> {
                            int uses = named.getKey().endsWith("token_embedding_weight") ? 2 : 1;
                            assertEquals(uses, store.uses(named.getValue()), named.getKey());
                        });
    }

    private static final class CountingStore extends ParameterStore {

        private final Map<Parameter, Integer> uses = new IdentityHashMap<>();

        CountingStore(NDManager manager) {
            super(manager, false);
        }

        @Override
        public NDArray getValue(Parameter parameter, Device device, boolean training) {
            uses.merge(parameter, 1, Integer::sum);
            return super.getValue(parameter, device, training);
        }

        int uses(Parameter parameter) {
            return uses.getOrDefault(parameter, 0);
        }
    }
}
