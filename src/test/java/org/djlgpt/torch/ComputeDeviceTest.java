package org.djlgpt.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComputeDeviceTest {

    private final String asked = System.getProperty(ComputeDevice.PROPERTY);

    @AfterEach
    void askAsBefore() {
        ask(asked);
    }

    private static void ask(String device) {
        if (device == null) {
            System.clearProperty(ComputeDevice.PROPERTY);
        } else {
            System.setProperty(ComputeDevice.PROPERTY, device);
        }
    }

    @Test
    void withoutTheProperty_itIsDjlsChoice() {
        ask(null);
        assertEquals(Engine.getInstance().defaultDevice(), ComputeDevice.get());
        ask("auto");
        assertEquals(Engine.getInstance().defaultDevice(), ComputeDevice.get());
        assertEquals(Engine.getInstance().defaultDevice(), ComputeDevice.named("", "auto"));
    }

    @Test
    void thePropertyChooses() {
        ask("cpu");
        assertEquals(Device.cpu(), ComputeDevice.get());
        assertEquals(Device.cpu(), ComputeDevice.named("--device ", "auto"));
        try (NDManager manager = ComputeDevice.newManager()) {
            assertEquals(Device.cpu(), manager.ones(new Shape(2)).getDevice());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    foo    | -Ddjlgpt.device=foo is unknown; use auto, cpu, gpu or gpu0, gpu1, ..
                    GPU    | -Ddjlgpt.device=GPU is unknown; use auto, cpu, gpu or gpu0, gpu1, ..
                    gpu-1  | -Ddjlgpt.device=gpu-1 is unknown; use auto, cpu, gpu or gpu0, gpu1, ..
                    ''     | -Ddjlgpt.device= is unknown; use auto, cpu, gpu or gpu0, gpu1, ..
                    """)
    void whatIsNoDevice_isRefused(String device, String message) {
        ask(device);
        assertRefused(message);
    }

    @Test
    void aGpuThatIsNotThere_isRefused() {
        ask("gpu99");
        int gpus = Engine.getInstance().defaultDevice().isGpu() ? gpus() : 0;
        assertRefused(
                "-Ddjlgpt.device=gpu99 is not there: %d GPUs found; use %s"
                        .formatted(gpus, gpus == 0 ? "cpu" : "gpu0 to gpu" + (gpus - 1)));
    }

    private static int gpus() {
        return Engine.getInstance().getGpuCount();
    }

    private static void assertRefused(String message) {
        Exception e = assertThrows(IllegalArgumentException.class, ComputeDevice::get);
        assertEquals(message, e.getMessage());
    }

    @Test
    void namesAreThoseThatAreRead() {
        assertEquals("cpu", ComputeDevice.name(Device.cpu()));
        assertEquals("gpu0", ComputeDevice.name(Device.gpu()));
        assertEquals("gpu3", ComputeDevice.name(Device.gpu(3)));
    }
}
