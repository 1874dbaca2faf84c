package org.djlgpt.model;

import static org.djlgpt.testing.Blocks.infer;
import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;

import org.djlgpt.decoder.GptDecoder;
import org.djlgpt.decoder.WeightPrecision;
import org.djlgpt.nn.Autocast;
import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.LoraConfig;
import org.djlgpt.nn.LoraLinear;
import org.djlgpt.nn.Pass;
import org.djlgpt.testing.Blocks;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.RandomArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Gradients;
import org.djlgpt.torch.Recording;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Models with an adapter. */
class LoraTest {

    /** One model of each kind. */
    enum Family {
        GPT2(TinyGpt.size(20, 8).optQkvBias(true).build()),
        UNTIED_GPT2(TinyGpt.size(20, 8).optTiedOutput(false).setNumLayers(2).build()),
        LLAMA(
                LlamaConfig.builder()
                        .setVocabSize(20)
                        .setContextLength(8)
                        .setEmbeddingDim(16)
                        .setNumHeads(4)
                        .optNumKeyValueHeads(2)
                        .setNumLayers(2)
                        .optTiedOutput(true)
                        .build());

        private final GptConfig config;

        Family(GptConfig config) {
            this.config = config;
        }

        private LoraConfig.Builder everywhere(int rank) {
            Set<Role> roles = EnumSet.complementOf(EnumSet.of(Role.HEAD));
            if (config instanceof Gpt2Config) {
                roles.remove(Role.GATE);
            }
            return LoraConfig.builder().setRank(rank).optTargets(roles);
        }
    }

    private NDManager manager;
    private RandomArrays arrays;
    private NDArray tokens;
    private NDArray targets;

    @BeforeEach
    void open() {
        manager = ComputeDevice.newManager();
        arrays = new RandomArrays(manager, 3);
        tokens = arrays.ids(20, 2, 7);
        targets = arrays.ids(20, 2, 7);
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private GptModel base(Family family) {
        return TinyGpt.scrambled(family.config, 1, manager);
    }

    /** Makes an adapter that has learnt something. */
    private GptModel trained(GptModel base, LoraConfig config) {
        GptModel adapted = Lora.adapt(base, config, manager);
        for (LoraLinear layer : LoraLinear.byWeight(adapted).values()) {
            NDArray b = layer.loraB().getArray();
            Blocks.set(b, arrays.normal(b.getShape().getShape()).mul(0.2f));
        }
        return adapted;
    }

    @ParameterizedTest
    @EnumSource
    void aNewAdapterChangesNoBit(Family family) {
        GptModel base = base(family);
        NDArray before = infer(base, tokens);

        GptModel adapted = Lora.adapt(base, family.everywhere(4).build(), manager);

        assertEquals(before, infer(adapted, tokens));
    }

    @ParameterizedTest
    @EnumSource
    void mergedEqualsUnmerged(Family family) {
        GptModel base = base(family);
        GptModel adapted = trained(base, family.everywhere(3).optDropout(0.5f).build());

        GptModel plain = Lora.merge(adapted, manager);

        NDArray logits = infer(adapted, tokens);
        assertNotEquals(logits, infer(base, tokens));
        assertClose(logits, infer(plain, tokens), 1e-5);
        assertTrue(LoraLinear.byWeight(plain).isEmpty());
        assertEquals(family.config.parameterCount(), plain.parameterCount());
        assertSame(plain, Lora.merge(plain, manager));
    }

    @ParameterizedTest
    @EnumSource
    void aDecoderWritesWithTheAdapter(Family family) {
        GptModel adapted = trained(base(family), family.everywhere(3).build());
        NDArray logits = infer(adapted, tokens);
        double spread = logits.sub(logits.mean()).square().mean().sqrt().getFloat();
        for (WeightPrecision precision : WeightPrecision.values()) {
            try (GptDecoder decoder = new GptDecoder(adapted, precision, manager)) {
                double share = precision == WeightPrecision.FP32 ? 1e-5 : 0.2;
                assertClose(logits, infer(decoder, tokens), share * spread);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void onlyTheAdapterHasGradientsAndTheyAreThoseOfTheWeights(Family family) {
        GptModel adapted = trained(base(family), family.everywhere(3).build());
        NDList gradients = gradients(adapted);
        GptModel merged = Lora.merge(adapted, manager);
        List<LoraLinear> layers =
                adapted.getParameters().values().stream()
                        .filter(LoraLinear.byWeight(adapted)::containsKey)
                        .map(LoraLinear.byWeight(adapted)::get)
                        .toList();
        List<Parameter> weights =
                layers.stream()
                        .map(layer -> indexOf(layer.weight(), adapted))
                        .map(merged.getParameters().values()::get)
                        .toList();
        weights.forEach(weight -> weight.freeze(false));
        NDList expected = gradients(merged);

        assertEquals(2 * layers.size(), gradients.size());
        for (int i = 0; i < layers.size(); i++) { // dB = scale dW A^T, dA = scale B^T dW
            NDArray a = layers.get(i).loraA().getArray();
            NDArray b = layers.get(i).loraB().getArray();
            NDArray w = expected.get(i).mul(2);
            assertClose(b.transpose().matMul(w), gradients.get(2 * i), 1e-5);
            assertClose(w.matMul(a.transpose()), gradients.get(2 * i + 1), 1e-5);
        }
    }

    private static int indexOf(Parameter parameter, GptModel model) {
        String name =
                model.getParameters().stream()
                        .filter(pair -> pair.getValue() == parameter)
                        .findFirst()
                        .orElseThrow()
                        .getKey();
        List<String> plain =
                model.getParameters().keys().stream().filter(n -> !n.contains("lora")).toList();
        return plain.indexOf(name);
    }

    private NDList gradients(GptModel model) {
        List<NDArray> trained =
                Blocks.parameters(model).stream()
                        .filter(Parameter::requiresGradient)
                        .map(Parameter::getArray)
                        .toList();
        try (Recording on = Recording.on()) {
            Pass pass = new Pass(new ParameterStore(manager, false), true);
            return Gradients.of(model.loss(tokens, targets, pass), trained);
        }
    }

    @Test
    void adaptersOfOneBaseDoNotMeet() {
        GptModel base = base(Family.LLAMA);
        NDArray before = infer(base, tokens);
        GptModel one = trained(base, Family.LLAMA.everywhere(2).build());
        NDArray alone = infer(one, tokens);

        GptModel other = trained(base, Family.LLAMA.everywhere(4).build());

        assertNotEquals(alone, infer(other, tokens));
        assertEquals(alone, infer(one, tokens));
        assertEquals(before, infer(base, tokens));
    }

    @Test
    void anAdapterTakesTheMemoryOfTheAdapter() {
        GptModel base = base(Family.GPT2);
        long held = HeldArrays.inProcess(manager);

        try (NDManager own = manager.newSubManager()) {
            Lora.adapt(base, LoraConfig.builder().setRank(2).build(), own);
            assertEquals(held + 4, HeldArrays.inProcess(manager)); // A, B of queries and values
        }

        assertEquals(held, HeldArrays.inProcess(manager));
    }

    @ParameterizedTest
    @EnumSource
    void theBaseMayBeKeptInBFloat16(Family family) {
        GptModel exact = base(family);
        GptModel base = base(family);
        Lora.freezeInBFloat16(base);
        NDArray expected = infer(exact, tokens);
        GptModel adapted = Lora.adapt(base, family.everywhere(3).build(), manager);

        assertTrue(BFloat16.is(base.blocks().get(0).attention().query().weight().getArray()));
        NDArray logits = infer(adapted, tokens);
        assertClose(expected, logits, 0.05 * expected.abs().max().getFloat());
        assertClose(logits, infer(Lora.merge(adapted, manager), tokens), 1e-5);
        try (GptDecoder decoder = new GptDecoder(base, WeightPrecision.FP32, manager)) {
            assertClose(logits, infer(decoder, tokens), 1e-4);
        }
        assertEquals(family.config.numLayers(), adapted.attentionWeights(tokens).size());
    }

    @ParameterizedTest
    @EnumSource
    void aBFloat16BaseLearnsInsideAutocast(Family family) {
        assumeTrue(BFloat16.isFastOn(Device.cpu()), "bfloat16 is not fast here");
        GptModel exact = trained(base(family), family.everywhere(3).build());
        GptModel base = base(family);
        Lora.freezeInBFloat16(base);
        GptModel adapted = Lora.adapt(base, family.everywhere(3).build(), manager);
        for (int i = 0; i < exact.getParameters().size(); i++) {
            if (exact.getParameters().valueAt(i).requiresGradient()) {
                Blocks.set(
                        adapted.getParameters().valueAt(i).getArray(),
                        exact.getParameters().valueAt(i).getArray());
            }
        }
        NDList expected = gradients(exact);
        try (Autocast scope = Autocast.bfloat16()) {
            NDList actual = gradients(adapted);
            double error = Gradients.norm(differences(expected, actual)) / Gradients.norm(expected);
            assertTrue(error < 0.1, "relative error " + error);
        }
    }

    private static NDList differences(NDList some, NDList others) {
        NDList differences = new NDList();
        for (int i = 0; i < some.size(); i++) {
            differences.add(some.get(i).sub(others.get(i)));
        }
        return differences;
    }

    @ParameterizedTest
    @EnumSource
    void dropoutOfBFloat16InputsLearnsToo(Family family) {
        assumeTrue(BFloat16.isFastOn(Device.cpu()), "bfloat16 is not fast here");
        GptModel base = base(family);
        Lora.freezeInBFloat16(base);
        GptModel adapted = trained(base, family.everywhere(3).optDropout(0.5f).build());
        try (Autocast scope = Autocast.bfloat16()) {
            float norm = Gradients.norm(gradients(adapted));
            assertTrue(norm > 0 && Float.isFinite(norm), "norm " + norm);
        }
    }

    @Test
    void djlSavesAnAdaptedModelAndNoBFloat16() throws Exception {
        GptModel adapted = trained(base(Family.LLAMA), Family.LLAMA.everywhere(2).build());
        ByteArrayOutputStream saved = new ByteArrayOutputStream();
        adapted.saveParameters(new DataOutputStream(saved));
        GptModel again =
                Lora.adapt(base(Family.LLAMA), Family.LLAMA.everywhere(2).build(), manager);
        again.loadParameters(
                manager, new DataInputStream(new ByteArrayInputStream(saved.toByteArray())));
        GptModel narrow = base(Family.LLAMA);
        Lora.freezeInBFloat16(narrow);

        assertEquals(infer(adapted, tokens), infer(again, tokens));
        assertEquals(gradients(adapted).size(), gradients(again).size());
        assertRefused(
                UnsupportedOperationException.class,
                () -> narrow.saveParameters(new DataOutputStream(saved)),
                "token_embedding_weight is bfloat16");
    }

    @Test
    void whatDoesNotFitIsRefused() {
        GptModel base = base(Family.LLAMA);
        GptModel adapted = Lora.adapt(base, Family.LLAMA.everywhere(2).build(), manager);

        assertRefused(
                () -> Lora.adapt(adapted, Family.LLAMA.everywhere(2).build(), manager),
                "has an adapter");
        assertRefused(
                () -> Lora.adapt(base, Family.LLAMA.everywhere(9).build(), manager),
                "loraRank=9 must be at most 8", // keys of 2 heads of 4
                "from 16 to 8");
        assertRefused(
                () -> Lora.adapt(base(Family.GPT2), Family.LLAMA.everywhere(2).build(), manager),
                "has GATE, but the model has no such layer");
        GptModel untouched = base(Family.GPT2);
        assertRefused(
                () -> Lora.adapt(untouched, Family.GPT2.everywhere(99).build(), manager),
                "loraRank=99");
        assertTrue(Blocks.parameters(untouched).stream().allMatch(Parameter::requiresGradient));
    }

    private static void assertClose(NDArray expected, NDArray actual, double tolerance) {
        assertEquals(expected.getShape(), actual.getShape());
        assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), (float) tolerance);
    }
}
