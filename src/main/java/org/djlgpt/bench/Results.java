package org.djlgpt.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The outcomes of a suite. */
final class Results {

    private final Machine machine;
    private final Map<String, Outcome> byId = new LinkedHashMap<>();

    Results(Machine machine) {
        this.machine = machine;
    }

    /** Returns the machine as it was before the first case. */
    Machine machine() {
        return machine;
    }

    void add(Case work, Outcome outcome) {
        byId.put(work.id(), outcome);
    }

    /** Returns the outcome of a case; a failed one if it did not run. */
    Outcome of(Case work) {
        return byId.getOrDefault(work.id(), Outcome.failed(work, "did not run"));
    }

    boolean has(Case work) {
        return byId.containsKey(work.id());
    }

    List<Outcome> all() {
        return List.copyOf(byId.values());
    }
}
