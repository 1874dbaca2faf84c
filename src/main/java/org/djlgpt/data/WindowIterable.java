package org.djlgpt.data;

import ai.djl.Device;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.dataset.Batch;
import ai.djl.training.dataset.DataIterable;
import ai.djl.training.dataset.Sampler;
import ai.djl.translate.Batchifier;

import java.util.List;
import java.util.concurrent.ExecutorService;

/**
 * Reads whole batches of windows, as DJL's {@link ai.djl.training.dataset.BulkDataIterable} does
 * for data in arrays.
 */
final class WindowIterable extends DataIterable {

    WindowIterable(
            TokenWindows windows,
            NDManager manager,
            Sampler sampler,
            ExecutorService executor,
            int prefetchNumber,
            Device device) {
        super(
                windows,
                manager,
                sampler,
                Batchifier.STACK,
                Batchifier.STACK,
                null,
                null,
                executor,
                prefetchNumber,
                device);
    }

    @Override
    protected Batch fetch(List<Long> indices, int progress) {
        NDManager batchManager = manager.newSubManager();
        long[] records = indices.stream().mapToLong(Long::longValue).toArray();
        NDList arrays = windows().batch(batchManager, records); // (B, T) each
        if (device != null) {
            arrays = arrays.toDevice(device, false);
        }
        return new Batch(
                batchManager,
                new NDList(arrays.get(0)),
                new NDList(arrays.get(1)),
                records.length,
                dataBatchifier,
                labelBatchifier,
                progress,
                dataset.size(),
                indices);
    }

    /**
     * The constructor of the superclass may already fetch, so a field of this class would be unset.
     */
    private TokenWindows windows() {
        return (TokenWindows) dataset;
    }
}
