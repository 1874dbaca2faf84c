package org.djlgpt.spark;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.model.GptModel;
import org.djlgpt.text.Tokenizer;
import org.djlgpt.torch.ComputeDevice;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * A model folder in this process: read at its first use, then shared by all tasks.
 *
 * @param model the model, which nobody trains
 * @param tokenizer the tokenizer beside it
 * @param manager where arrays are made
 */
record ExecutorModel(GptModel model, Tokenizer tokenizer, NDManager manager) {

    private static final Map<String, ExecutorModel> MODELS = new HashMap<>();

    /**
     * Returns the model of a folder.
     *
     * @param folder Hadoop's name of it
     * @throws IOException if it can't be read
     * @throws MalformedModelException if it is damaged
     */
    static synchronized ExecutorModel of(String folder, Configuration configuration)
            throws IOException, MalformedModelException {
        ExecutorModel model = MODELS.get(folder);
        if (model == null) {
            Path files = local(folder, configuration);
            NDManager manager = ComputeDevice.newManager();
            model =
                    new ExecutorModel(
                            ModelDirectory.load(files, manager), Tokenizer.load(files), manager);
            MODELS.put(folder, model);
        }
        return model;
    }

    /** Counts the models in this process. */
    static synchronized int count() {
        return MODELS.size();
    }

    private static Path local(String folder, Configuration configuration) throws IOException {
        org.apache.hadoop.fs.Path remote = new org.apache.hadoop.fs.Path(folder);
        FileSystem system = remote.getFileSystem(configuration);
        if ("file".equals(system.getUri().getScheme())) {
            Path path = Path.of(remote.toUri().getPath());
            if (!Files.isDirectory(path)) {
                throw unseen(folder, null);
            }
            return path;
        }
        Path copy = Files.createTempDirectory("djlgpt-model-");
        try {
            for (FileStatus file : system.listStatus(remote)) {
                if (file.isFile()) {
                    String name = file.getPath().getName();
                    system.copyToLocalFile(
                            file.getPath(), new org.apache.hadoop.fs.Path(copy + "/" + name));
                    copy.resolve(name).toFile().deleteOnExit();
                }
            }
        } catch (FileNotFoundException e) {
            throw unseen(folder, e);
        }
        return copy;
    }

    private static IOException unseen(String folder, Exception cause) {
        return new IOException(
                "the model folder %s is not there for an executor; name one that all machines share"
                        .formatted(folder),
                cause);
    }
}
