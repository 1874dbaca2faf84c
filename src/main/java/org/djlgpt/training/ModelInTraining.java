package org.djlgpt.training;

import ai.djl.nn.Block;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** A training's claim on its model: a second one would change the same parameters meanwhile. */
final class ModelInTraining implements AutoCloseable {

    private static final Set<Block> CLAIMED =
            Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));

    private final Block model;

    private ModelInTraining(Block model) {
        this.model = model;
    }

    /**
     * Claims a model until the claim is closed.
     *
     * @throws IllegalStateException if another training has it
     */
    static ModelInTraining claim(Block model) {
        if (!CLAIMED.add(model)) {
            throw new IllegalStateException(
                    "this model is being trained already; wait until that run() has returned, or"
                            + " call stop() on it");
        }
        return new ModelInTraining(model);
    }

    @Override
    public void close() {
        CLAIMED.remove(model);
    }
}
