package org.djlgpt.bench;

import ai.djl.Device;

import org.djlgpt.torch.BFloat16;

import java.util.List;

/** The machine: what it is and what it can do at most. */
final class LimitsSection implements Section {

    private final Case limits;

    LimitsSection(Effort effort) {
        Sampling longer = new Sampling(2, 5, effort.pick(5, 1));
        limits = new Case("machine", "limits", false, longer, new MachineLimits());
    }

    @Override
    public List<Case> cases() {
        return List.of(limits);
    }

    /** Returns what the other sections are measured against. */
    Limits limits(Results results) {
        return Limits.of(results.of(limits));
    }

    @Override
    public String text(Case row, Results results) {
        Outcome outcome = results.of(limits);
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
        line(
                text,
                "bfloat16",
                BFloat16.isFastOn(Device.cpu())
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
