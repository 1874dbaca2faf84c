package org.djlgpt.bench;

import java.util.List;

/**
 * The machine: what it is and what it can do at most. The limits are measured before everything
 * else and again after, for a quiet moment.
 */
final class LimitsSection implements Section {

    private final Case before;
    private final Case after;

    LimitsSection(Effort effort) {
        Sampling longer = new Sampling(2, 5, effort.pick(5, 1));
        before = new Case("machine", "limits", false, longer, new MachineLimits());
        after = new Case("machine", "limits again", false, longer, new MachineLimits());
    }

    @Override
    public List<Case> cases() {
        return List.of(before);
    }

    /** Returns what is measured after all sections. */
    Case after() {
        return after;
    }

    /** Returns what the training and the optimizer are measured against. */
    Limits limits(Results results) {
        return Limits.of(results.of(before)).orBetter(Limits.of(results.of(after)));
    }

    @Override
    public String text(Results results) {
        Outcome outcome = results.of(before);
        Limits measured = limits(results);
        Machine machine = results.machine();
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
        line(text, "bfloat16", TextTable.number(measured.bfloat16() / 1e9, 0) + " GFLOP/s");
        line(text, "memory", TextTable.number(measured.read() / 1e9, 1) + " GB/s read");
        machine.warning().ifPresent(warning -> line(text, "warning", warning));
        return text.toString();
    }

    private static void line(StringBuilder text, String name, String value) {
        text.append("  %-10s %s\n".formatted(name, TextTable.fitted(value, 87)));
    }
}
