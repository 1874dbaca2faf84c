package org.djlgpt.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

class TorchScriptTest {

    private static final String SCALE =
            """
            # A comment, so that the line numbers below are worth something.


            def scale(x: Tensor,
                      factor: float) -> Tensor:
              \"""Multiplies.\"""
              return x * factor


            def sum_and_largest(arrays: List[Tensor], negate: bool,
                                power: int) -> Tuple[Tensor, Tensor]:
              total = torch.pow(arrays[0], power)
              for i in range(1, len(arrays)):
                total = total + torch.pow(arrays[i], power)
              if negate:
                total = -total
              return (total, total.max())


            def double_in_place(x: Tensor) -> None:
              x.mul_(2)
            """;

    @Test
    void callsFunctionsWithEveryKindOfArgument() {
        TorchScript script = TorchScript.compile(Map.of("arithmetic", SCALE));
        try (NDManager manager = ComputeDevice.newManager()) {
            NDArray x = manager.create(new float[] {1, 2, 3});

            assertEquals(manager.create(new float[] {0.5f, 1, 1.5f}), script.call("scale", x, 0.5));

            NDList results = script.callForList("sum_and_largest", List.of(x, x), true, 2L);
            assertEquals(manager.create(new float[] {-2, -8, -18}), results.get(0));
            assertEquals(-2, results.get(1).getFloat());

            script.execute("double_in_place", x);
            assertEquals(manager.create(new float[] {2, 4, 6}), x);
        }
    }

    /** By this message a libtorch without oneDNN is known. */
    @Test
    void anOperatorThatLibtorchDoesNotHaveIsNamed() {
        String source = "def f(x: Tensor) -> Tensor:\n  return ops.mkldnn._unheard_of(x)\n";

        IllegalArgumentException refusal =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> TorchScript.compile(Map.of("unknown", source)));

        String message = refusal.getMessage();
        assertTrue(message.contains("Unknown builtin op: mkldnn::_unheard_of"), message);
    }

    @Test
    void resultBelongsToTheManagerOfTheFirstArray() {
        TorchScript script = TorchScript.compile(Map.of("arithmetic", SCALE));
        try (NDManager manager = ComputeDevice.newManager()) {
            NDArray x = manager.create(new float[] {1, 2, 3});
            assertSame(manager, script.call("scale", x, 2.0).getManager());
        }
    }

    @Test
    void nameOfAnArrayDoesNotMatter() {
        TorchScript script = TorchScript.compile(Map.of("arithmetic", SCALE));
        try (NDManager manager = ComputeDevice.newManager()) {
            NDArray x = manager.create(new float[] {1});
            for (String name : new String[] {"h.0.weight", "module_method:none", "list[]", "t()"}) {
                x.setName(name);
                assertEquals(2, script.call("scale", x, 2.0).getFloat());
                assertEquals(name, x.getName());
            }
        }
    }

    @Test
    void gradientsAreRecordedOnlyWhenTheThreadRecordsThem() {
        TorchScript script = TorchScript.compile(Map.of("arithmetic", SCALE));
        try (NDManager manager = ComputeDevice.newManager()) {
            NDArray x = manager.create(new float[] {1, 2});
            x.setRequiresGradient(true);
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                collector.backward(script.call("scale", x, 3.0).sum());
            }
            assertEquals(manager.create(new float[] {3, 3}), x.getGradient());
            try (Recording off = Recording.off()) {
                assertFalse(Recording.includes(script.call("scale", x, 3.0)));
            }
        }
    }

    @Test
    void repeatedCallsWithOtherShapesAgree() {
        TorchScript script = TorchScript.compile(Map.of("arithmetic", SCALE));
        try (NDManager manager = ComputeDevice.newManager()) {
            for (int i = 1; i < 20; i++) {
                NDArray x = manager.ones(new Shape(i, 3));
                assertEquals(x.mul(2), script.call("scale", x, 2.0));
            }
        }
    }

    /**
     * After two calls libtorch's graph optimizer would replace the gradient and get types wrong.
     */
    @Test
    void repeatedBackwardPassesThroughMixedTypesAgree() {
        String source =
                """
                def two_layers(x: Tensor, weight: Tensor) -> Tensor:
                  half = weight.to(15)
                  y = torch.linear(x.type_as(half), half)
                  return x + torch.linear(torch.gelu(y, approximate="tanh"), half)
                """;
        TorchScript script = TorchScript.compile(Map.of("mixed", source));
        try (NDManager manager = ComputeDevice.newManager()) {
            NDArray x = manager.ones(new Shape(2, 4));
            NDArray weight = manager.arange(16f).reshape(4, 4).div(16);
            NDList first = Autograd.run(p -> script.call("two_layers", p[0], p[1]), x, weight);
            for (int i = 0; i < 4; i++) {
                assertEquals(
                        first, Autograd.run(p -> script.call("two_layers", p[0], p[1]), x, weight));
            }
        }
    }

    @Test
    void compileErrorNamesFileAndLine() {
        Map<String, String> wrong =
                Map.of(
                        "broken",
                        "\n\ndef f(x: Tensor) -> Tensor:\n  return torch.nosuchthing(x)\n");
        IllegalArgumentException error =
                assertThrows(IllegalArgumentException.class, () -> TorchScript.compile(wrong));
        assertTrue(error.getMessage().contains("nosuchthing"), error::getMessage);
        assertTrue(error.getMessage().contains("broken.py\", line 4"), error::getMessage);
    }

    @Test
    void kernelsAreCompiledOnce() {
        assertSame(TorchScript.kernels(), TorchScript.kernels());
        assertNotSame(
                TorchScript.compile(Map.of("a", SCALE)), TorchScript.compile(Map.of("a", SCALE)));
    }

    @Test
    void threadsCallTheSameFunctionAtOnce() throws Exception {
        TorchScript script = TorchScript.compile(Map.of("arithmetic", SCALE));
        int threads = 4;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try (NDManager manager = ComputeDevice.newManager()) {
            NDArray shared = manager.ones(new Shape(64));
            List<Callable<Boolean>> tasks = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                double factor = i;
                tasks.add(
                        () -> {
                            boolean right = true;
                            for (int call = 0; call < 500; call++) {
                                try (NDArray result = script.call("scale", shared, factor)) {
                                    right &= result.getFloat(63) == factor;
                                }
                            }
                            return right;
                        });
            }
            for (Future<Boolean> task : pool.invokeAll(tasks)) {
                assertTrue(task.get(), "a thread saw another thread's factor");
            }
        } finally {
            pool.shutdownNow();
        }
    }
}
