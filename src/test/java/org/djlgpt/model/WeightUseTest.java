package org.djlgpt.model;

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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.IdentityHashMap;
import java.util.Map;

/** Under autocast a weight is rounded each time that it is used, so it must be used once. */
class WeightUseTest {

    private NDManager manager;
    private GptModel model;
    private NDArray tokens;
    private CountingStore store;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager();
        model = TinyGpt.model(TinyGpt.size(10, 4).setNumLayers(2).build(), 1, manager);
        tokens = manager.create(new long[] {1, 2, 3, 4}, new Shape(1, 4));
        store = new CountingStore(manager);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void aPassUsesEachWeightOnce() {
        try (Autocast scope = Autocast.bfloat16()) {
            model.forward(store, new NDList(tokens), true);
        }
        assertUsedOnce();
    }

    @Test
    void aLossUsesEachWeightOnce() {
        try (Autocast scope = Autocast.bfloat16()) {
            model.loss(tokens, tokens, new Pass(store, true));
        }
        assertUsedOnce();
    }

    /** The tied embedding is read as a table, in float32, and used as a weight once. */
    private void assertUsedOnce() {
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
