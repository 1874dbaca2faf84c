package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;

import org.djlgpt.model.GptModel;
import org.djlgpt.torch.Recording;

import java.util.List;

/**
 * The next token by a forward pass of the model over everything before it.
 *
 * @param job what is written, without a cache
 */
record UncachedWriting(TextWriting job) implements Workload {

    @Override
    public List<Phase> prepare(NDManager manager) {
        GptModel model = Models.random(job.config(), manager);
        NDArray tokens = job.tokens(job.promptLength() + 1, manager);
        return List.of(
                new Phase(
                        TextWriting.TOKEN,
                        () -> {
                            try (Recording off = Recording.off();
                                    NDManager step = manager.newSubManager()) {
                                ParameterStore store = new ParameterStore(step, false);
                                model.forward(store, new NDList(tokens), false).close();
                            }
                        }));
    }
}
