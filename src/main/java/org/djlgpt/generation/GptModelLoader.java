package org.djlgpt.generation;

import ai.djl.Application;
import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtEngine;
import ai.djl.repository.MRL;
import ai.djl.repository.Repository;
import ai.djl.repository.zoo.BaseModelLoader;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorFactory;

import org.djlgpt.checkpoint.AdapterDirectory;
import org.djlgpt.checkpoint.ClassifierDirectory;
import org.djlgpt.checkpoint.ModelDirectory;
import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.StatelessDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.torch.ComputeDevice;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/** Reads the model of a {@link GptModelZoo}. */
final class GptModelLoader extends BaseModelLoader {

    /** The block has its weights already: the engine is to look for no file of its own. */
    private static final Map<String, String> NO_PARAMETER_FILE = Map.of("hasParameter", "false");

    private final Path directory;

    GptModelLoader(String groupId, Path directory) {
        super(resource(groupId, directory));
        this.directory = directory;
    }

    private static MRL resource(String groupId, Path directory) {
        String name = Objects.toString(directory.getFileName(), groupId);
        Repository repository = Repository.newInstance(name, directory);
        return MRL.model(repository, Application.NLP.TEXT_GENERATION, groupId, name, null, null);
    }

    @Override
    public <I, O> ZooModel<I, O> loadModel(Criteria<I, O> criteria)
            throws IOException, ModelNotFoundException, MalformedModelException {
        if (!Files.isDirectory(directory)) {
            throw new ModelNotFoundException(
                    "%s is no folder; name one with config.json and model.safetensors"
                            .formatted(directory));
        }
        String name = Objects.requireNonNullElse(criteria.getModelName(), getArtifactId());
        Device device = Objects.requireNonNullElseGet(criteria.getDevice(), ComputeDevice::get);
        Model model = Model.newInstance(name, device, PtEngine.ENGINE_NAME);
        try {
            TranslatorFactory own =
                    ClassifierDirectory.isClassifier(directory)
                            ? loadClassifier(criteria, model)
                            : loadDecoder(criteria, model);
            model.load(directory, null, NO_PARAMETER_FILE);
            return new ZooModel<>(model, translator(criteria, model, own));
        } catch (Exception e) {
            model.close();
            throw e;
        }
    }

    private TranslatorFactory loadDecoder(Criteria<?, ?> criteria, Model model)
            throws IOException, MalformedModelException {
        boolean isAdapter = AdapterDirectory.isAdapter(directory);
        Path whole = isAdapter ? AdapterDirectory.baseFolder(directory) : directory;
        TranslatorFactory own = new GptTranslatorFactory(ModelDirectory.stopTokens(whole));
        WeightPrecision precision = precision(criteria);
        NDManager manager = model.getNDManager();
        GptDecoder decoder =
                isAdapter
                        ? AdapterDirectory.loadDecoder(directory, whole, precision, manager)
                        : ModelDirectory.loadDecoder(directory, precision, manager);
        model.setBlock(new StatelessDecoder(decoder));
        return own;
    }

    private TranslatorFactory loadClassifier(Criteria<?, ?> criteria, Model model)
            throws IOException, MalformedModelException {
        new Arguments(criteria.getOptions()).requireNoOthers();
        model.setBlock(ClassifierDirectory.load(directory, model.getNDManager()));
        return new ClassificationTranslatorFactory();
    }

    private static WeightPrecision precision(Criteria<?, ?> criteria) {
        Arguments options = new Arguments(criteria.getOptions());
        WeightPrecision precision =
                options.oneOf(WeightPrecision.class, "precision").orElse(WeightPrecision.FP32);
        options.requireNoOthers();
        return precision;
    }

    private static <I, O> Translator<I, O> translator(
            Criteria<I, O> criteria, Model model, TranslatorFactory own)
            throws ModelNotFoundException {
        TranslatorFactory factory =
                Objects.requireNonNullElse(criteria.getTranslatorFactory(), own);
        Class<I> input = criteria.getInputClass();
        Class<O> output = criteria.getOutputClass();
        if (!factory.isSupported(input, output)) {
            throw new ModelNotFoundException(
                    "there is no translator from %s to %s; use one of %s"
                            .formatted(input, output, factory.getSupportedTypes()));
        }
        Map<String, Object> arguments =
                Objects.requireNonNullElse(criteria.getArguments(), Map.of());
        try {
            return factory.newInstance(input, output, model, arguments);
        } catch (TranslateException e) {
            throw new ModelNotFoundException(e.getMessage(), e);
        }
    }
}
