package org.djlgpt.spark;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;

import java.nio.charset.StandardCharsets;

/**
 * What a worker did in a round.
 *
 * @param rank counts the workers, from 0
 * @param host the machine
 * @param executor Spark's name of the process
 * @param attempt Spark's number of the attempt that counted
 * @param losses the training loss of each step, in nats per token
 * @param norms the gradients' norm of each step
 * @param tokens how many tokens the steps had
 * @param updates how many updates the moments come from
 * @param skipped how many steps were not applied
 * @param leftOut whether a loss or parameter was not finite, so that the mean is without this
 *     worker
 * @param afresh whether the moments of earlier rounds were lost
 * @param momentsFile where the moments are stored; null if they are not, or not yet
 * @param bytesReceived the bytes of the parameters that it read; 0 if it had them
 * @param bytesSent the bytes of the messages that tell where it arrived
 * @param computing the seconds of its steps
 * @param exchanging the seconds of reading, writing and encoding
 */
public record WorkerReport(
        int rank,
        String host,
        String executor,
        long attempt,
        double[] losses,
        double[] norms,
        long tokens,
        int updates,
        int skipped,
        boolean leftOut,
        boolean afresh,
        String momentsFile,
        long bytesReceived,
        long bytesSent,
        double computing,
        double exchanging) {

    private static final Gson GSON =
            new GsonBuilder().serializeSpecialFloatingPointValues().create();

    /** Writes it in a form that any of Spark's serializers takes. */
    byte[] bytes() {
        return GSON.toJson(this).getBytes(StandardCharsets.UTF_8);
    }

    static WorkerReport of(byte[] bytes) {
        return GSON.fromJson(new String(bytes, StandardCharsets.UTF_8), WorkerReport.class);
    }
}
