package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.BFloat16;
import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.FloatType;
import org.djlgpt.torch.Kernels;
import org.djlgpt.torch.Recording;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The machine: what it is, and what it can do at most, in matrix products of both types and in
 * reading memory.
 */
final class MachineSection implements Section {

    static final String FLOAT32 = "float32 product";
    static final String BFLOAT16 = "bfloat16 product";
    static final String READ = "memory read";

    /** Operations of one product. */
    private static final double PRODUCT_FLOP = 2 * Math.pow(2048, 3);

    /** Bytes of one read, by the dot product of an array with itself; far more than caches hold. */
    private static final double READ_BYTES = 512 << 20;

    private final Case limits;

    MachineSection(Effort effort) {
        Case.Sampling longer = new Case.Sampling(2, 5, effort.pick(5, 1));
        limits = new Case("machine", "limits", longer, MachineSection::phases);
    }

    @Override
    public List<Case> cases() {
        return List.of(limits);
    }

    @Override
    public Section only(Predicate<Case> wanted) {
        return this; // it has one row
    }

    private static List<Case.Phase> phases(NDManager manager) {
        Shape square = new Shape(2048, 2048);
        NDArray x = manager.randomNormal(square);
        NDArray w = manager.randomNormal(square);
        NDArray narrowX = BFloat16.from(x);
        NDArray narrowW = BFloat16.from(w);
        NDArray large = manager.ones(new Shape((long) READ_BYTES / Float.BYTES));
        Case.Phase wide = phase(FLOAT32, () -> product(x, w, FloatType.FLOAT32));
        Case.Phase narrow = phase(BFLOAT16, () -> product(narrowX, narrowW, FloatType.BFLOAT16));
        Case.Phase read = phase(READ, () -> large.dot(large));
        return BFloat16.isFastOn(x.getDevice()) ? List.of(wide, narrow, read) : List.of(wide, read);
    }

    private static NDArray product(NDArray x, NDArray weight, FloatType type) {
        return Kernels.linear(x, List.of(weight), List.of(), type).head();
    }

    private static Case.Phase phase(String name, Supplier<NDArray> operator) {
        return new Case.Phase(
                name,
                () -> {
                    try (Recording off = Recording.off();
                            NDScope scope = new NDScope()) {
                        operator.get();
                    }
                });
    }

    /**
     * The measured limits; NaN where there is none.
     *
     * @param float32 floating-point operations a second in float32 matrix products
     * @param bfloat16 the same in bfloat16
     * @param read bytes read from memory a second
     */
    record Limits(double float32, double bfloat16, double read) {

        /** Returns the limit of matrix products in a type. */
        double products(Operators operators) {
            return operators == Operators.BFLOAT16 ? bfloat16 : float32;
        }
    }

    /** Returns what the other sections are measured against. */
    Limits limits(BenchmarkReport report) {
        Outcome outcome = report.of(limits);
        return new Limits(
                1e3 * PRODUCT_FLOP / outcome.best(FLOAT32),
                1e3 * PRODUCT_FLOP / outcome.best(BFLOAT16),
                1e3 * READ_BYTES / outcome.best(READ));
    }

    @Override
    public String text(Case row, BenchmarkReport report) {
        Outcome outcome = report.of(limits);
        Limits measured = limits(report);
        Machine machine = report.machine();
        StringBuilder text = new StringBuilder("Machine\n");
        line(text, "system", machine.system());
        line(text, "processor", machine.processor());
        line(text, "software", machine.software());
        if (outcome.error() == null) {
            line(text, "engine", outcome.engine());
            text.append("  %s\n".formatted(TextTable.fitted(outcome.settings(), 98)));
        } else {
            line(text, "failed", outcome.error());
        }
        line(text, "float32", TextTable.number(measured.float32() / 1e9, 0) + " GFLOP/s");
        line(
                text,
                "bfloat16",
                BFloat16.isFastOn(ComputeDevice.get())
                        ? TextTable.number(measured.bfloat16() / 1e9, 0) + " GFLOP/s"
                        : "not multiplied; weights kept in it are widened to float32");
        line(text, "memory", TextTable.number(measured.read() / 1e9, 1) + " GB/s read");
        machine.warning().ifPresent(warning -> line(text, "warning", warning));
        return text.append('\n').toString();
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append("  %-10s %s\n".formatted(name, TextTable.fitted(value, 87)));
    }
}
