package org.djlgpt.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

import com.google.gson.JsonObject;

import org.djlgpt.io.SafeTensors;
import org.djlgpt.model.Gpt2Config;
import org.djlgpt.model.GptModel;
import org.djlgpt.model.GptTrunk;
import org.djlgpt.model.Lora;
import org.djlgpt.model.SequenceClassifier;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.nn.LoraLinear;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.Figures;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.torch.ComputeDevice;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * Saves the models and adapters of all fixture folders, a new adapter of each model, and each
 * classifier with such an adapter merged, for {@code src/test/python/huggingface_check.py}, each
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
        try (NDManager manager = ComputeDevice.newManager()) {
            JsonObject expected =
                    Figures.read(SaveFixtures.class, fixture.getFileName() + "/expected.json");
            NDArray ids = Figures.ids(manager, expected.get("ids"));
            if (AdapterDirectory.isAdapter(fixture)) {
                Path base = fixture.resolveSibling(expected.get("base").getAsString());
                GptModel model = ModelDirectory.load(base, manager);
                saveAdapter(AdapterDirectory.load(fixture, model, manager), base, ids, target);
                return;
            }
            if (ClassifierDirectory.isClassifier(fixture)) {
                saveClassifiers(ClassifierDirectory.load(fixture, manager), ids, target);
                return;
            }
            GptModel model = ModelDirectory.load(fixture, manager);
            ModelDirectory.save(model, target);
            saveLogits(model, ids, target);
            saveAdapter(withAdapter(model, manager), fixture, ids, Path.of(target + "-adapter"));
        }
    }

    private static void saveClassifiers(SequenceClassifier model, NDArray ids, Path target)
            throws Exception {
        ClassifierDirectory.save(model, target);
        saveLogits(model, ids, target);
        SequenceClassifier adapted = withAdapter(model, ids.getManager());
        Path merged = Path.of(target + "-merged");
        ClassifierDirectory.save(adapted, merged);
        saveLogits(adapted, ids, merged);
    }

    private static <M extends GptTrunk> M withAdapter(M base, NDManager manager) {
        Set<Role> everywhere = EnumSet.complementOf(EnumSet.of(Role.HEAD));
        if (base.config() instanceof Gpt2Config) {
            everywhere.remove(Role.GATE);
        }
        LoraConfig lora = LoraConfig.builder().setRank(3).optTargets(everywhere).build();
        M model = Lora.adapt(base, lora, manager);
        RandomArrays arrays = new RandomArrays(manager, 1);
        for (LoraLinear layer : LoraLinear.byWeight(model).values()) {
            NDArray b = layer.loraB().getArray();
            Blocks.set(b, arrays.normal(b.getShape().getShape()).mul(0.2f));
        }
        return model;
    }

    private static void saveAdapter(GptModel model, Path base, NDArray ids, Path target)
            throws Exception {
        AdapterDirectory.save(model, base.toString(), target);
        saveLogits(model, ids, target);
    }

    private static void saveLogits(GptTrunk model, NDArray ids, Path target) throws Exception {
        SafeTensors.write(
                Files.createDirectories(target.resolve("computed")).resolve("ours.safetensors"),
                Map.of("ids", ids, "logits", Blocks.infer(model, ids)));
    }
}
