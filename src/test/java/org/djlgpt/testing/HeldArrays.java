package org.djlgpt.testing;

import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

import java.lang.reflect.Field;
import java.util.Map;

/** Counts the arrays that nobody has closed. */
public final class HeldArrays {

    private HeldArrays() {}

    /**
     * Returns how many arrays all managers of the process hold together. It may fall at any time:
     * what other tests have left to the garbage collector, such as tables of rotary positions, is
     * freed by it.
     */
    public static long inProcess(NDManager any) {
        NDManager root = any;
        while (root.getParentManager() != null && root.getParentManager() != root) {
            root = root.getParentManager();
        }
        return below(root);
    }

    private static long below(NDManager manager) {
        try {
            Field field = BaseNDManager.class.getDeclaredField("resources");
            field.setAccessible(true);
            long count = 0;
            for (Object resource : ((Map<?, ?>) field.get(manager)).values()) {
                if (resource instanceof NDArray) {
                    count++;
                } else if (resource instanceof NDManager child) {
                    count += below(child);
                }
            }
            return count;
        } catch (ReflectiveOperationException e) {
            throw new AssertionError("DJL's managers look different now", e);
        }
    }
}
