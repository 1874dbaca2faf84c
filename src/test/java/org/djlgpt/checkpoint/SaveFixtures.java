package org.djlgpt.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.model.GptModel;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.Figures;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Saves the models of all fixture folders for {@code src/test/python/huggingface_check.py}, each
 * with what it computes here:
 *
 * <pre>{@code
 * mvn -q test-compile exec:java -Dexec.classpathScope=test \
 *     -Dexec.mainClass=org.djlgpt.checkpoint.SaveFixtures -Dexec.args=target/huggingface
 * python src/test/python/huggingface_check.py --all target/huggingface
 * }</pre>
 */
final class SaveFixtures {

    private SaveFixtures() {}

    public static void main(String[] arguments) throws Exception {
        Path fixtures = Path.of(SaveFixtures.class.getResource("llama-tiny").toURI()).getParent();
        for (File folder : fixtures.toFile().listFiles(File::isDirectory)) {
            save(folder.toPath(), Path.of(arguments[0]).resolve(folder.getName()));
        }
    }

    private static void save(Path fixture, Path target) throws Exception {
        try (NDManager manager = NDManager.newBaseManager()) {
            GptModel model = ModelDirectory.load(fixture, manager);
            NDArray ids =
                    Figures.ids(
                            manager,
                            Figures.read(
                                            SaveFixtures.class,
                                            fixture.getFileName() + "/expected.json")
                                    .get("ids"));
            ModelDirectory.save(model, target);
            SafeTensors.write(
                    Files.createDirectories(target.resolve("computed")).resolve("ours.safetensors"),
                    Map.of("ids", ids, "logits", Blocks.infer(model, ids)));
        }
    }
}
