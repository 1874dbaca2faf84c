package org.djlgpt.bench;

import java.util.List;

/** The machine: what it is and what it can do at most. */
final class LimitsSection implements Section {

    private final Case limits;

    LimitsSection(Effort effort) {
        Sampling longer = new Sampling(2, 5, effort.pick(5, 2)); // for a moment of quiet
        limits = new Case("machine", "limits", false, longer, new MachineLimits());
    }

    @Override
    public List<Case> cases() {
        return List.of(limits);
    }

    /** Returns what the training and the optimizer are measured against. */
    Limits limits(Results results) {
        return Limits.of(results.of(limits));
    }

    @Override
    public String text(Results results) {
        Outcome outcome = results.of(limits);
        Limits measured = limits(results);
        Machine machine = Machine.current();
        StringBuilder text = new StringBuilder("Machine\n");
        line(text, "system", machine.system());
        line(text, "processor", machine.processor());
        line(text, "software", machine.software());
        if (outcome.error() == null) {
            line(text, "engine", outcome.engine());
            line(text, "", outcome.settings());
        } else {
            line(text, "failed", outcome.error());
        }
        line(text, "float32", TextTable.number(measured.float32() / 1e9, 0) + " GFLOP/s");
        line(text, "bfloat16", TextTable.number(measured.bfloat16() / 1e9, 0) + " GFLOP/s");
        line(text, "memory", TextTable.number(measured.read() / 1e9, 1) + " GB/s read");
        return text.toString();
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append("  %-10s %s\n".formatted(name, TextTable.fitted(value, 87)));
    }
}
