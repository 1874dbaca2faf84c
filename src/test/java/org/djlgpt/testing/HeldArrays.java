package org.djlgpt.testing;

import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

import java.lang.reflect.Field;
import java.util.Map;
import java.util.Set;

/** Counts the arrays that nobody has closed. */
public final class HeldArrays {

    private HeldArrays() {}

    /** Tables that blocks keep, until the garbage collector takes both at a time of its own. */
    private static final Set<String> TABLES = Set.of("rotary angles", "causal mask");

    /**
     * Returns how many arrays all managers of the process hold together, tables of blocks aside.
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
                } else if (resource instanceof NDManager child
                        && !TABLES.contains(child.getName())) {
                    count += below(child);
                }
            }
            return count;
        } catch (ReflectiveOperationException e) {
            throw new AssertionError("DJL's managers look different now", e);
        }
    }
}
