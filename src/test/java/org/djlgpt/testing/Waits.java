package org.djlgpt.testing;

import ai.djl.pytorch.jni.JniUtils;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/**
 * What makes a host wait for a device inside libtorch, whether Java or a kernel calls it: operators
 * by which the host learns a number, or a size, that the device knows.
 */
public final class Waits {

    private static final Set<String> OPERATORS =
            Set.of("aten::_local_scalar_dense", "aten::nonzero", "aten::equal", "aten::_unique2");

    private Waits() {}

    /** Something to watch. */
    @FunctionalInterface
    public interface Call {
        void run() throws IOException;
    }

    /** Returns the names of such operators in a call, by libtorch's own profiler. */
    public static Set<String> in(Call call) throws IOException {
        Path trace = Files.createTempFile("trace", ".json");
        try {
            JniUtils.startProfile(false, false, false);
            try {
                call.run();
            } finally {
                JniUtils.stopProfile(trace.toString());
            }
            Set<String> found = new TreeSet<>();
            for (JsonElement event :
                    JsonParser.parseString(Files.readString(trace)).getAsJsonArray()) {
                found.add(event.getAsJsonObject().get("name").getAsString());
            }
            found.retainAll(OPERATORS);
            return found;
        } finally {
            Files.delete(trace);
        }
    }
}
