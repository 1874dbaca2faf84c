package org.djlgpt.testing;

import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Tests that compute on the CPU wherever the others do. The annotation says why; a method that has
 * it makes its own manager.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(OnCpu.Pin.class)
public @interface OnCpu {

    /** A GPU's generator draws other numbers from a seed. */
    String DRAWS = "figures follow from draws of the CPU's generator";

    /** A GPU adds in no fixed order. */
    String BITS = "results repeat to the last bit";

    /** The reason. */
    String value();

    /** Names the CPU in the system property that tests take their device from. */
    final class Pin
            implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {

        @Override
        public void beforeAll(ExtensionContext context) {
            pin(context);
        }

        @Override
        public void beforeEach(ExtensionContext context) {
            pin(context);
        }

        @Override
        public void afterEach(ExtensionContext context) {
            putBack(context);
        }

        @Override
        public void afterAll(ExtensionContext context) {
            putBack(context);
        }

        private static ExtensionContext.Store store(ExtensionContext context) {
            return context.getStore(
                    ExtensionContext.Namespace.create(Pin.class, context.getUniqueId()));
        }

        private static void pin(ExtensionContext context) {
            store(context).put("before", System.getProperty(ComputeDevice.PROPERTY, "auto"));
            System.setProperty(ComputeDevice.PROPERTY, "cpu");
        }

        private static void putBack(ExtensionContext context) {
            String before = store(context).get("before", String.class);
            System.setProperty(ComputeDevice.PROPERTY, before);
        }
    }
}
