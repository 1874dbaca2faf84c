package org.djlgpt.bench;

import java.util.List;
import java.util.stream.Stream;

/**
 * All tables.
 *
 * @param machine the table of the machine, which is one of the sections
 * @param sections the tables in the order in which they are measured and printed
 */
record Suite(LimitsSection machine, List<Section> sections) {

    static Suite of(Effort effort) {
        LimitsSection machine = new LimitsSection(effort);
        return new Suite(
                machine,
                List.of(
                        machine,
                        AttentionSection.core(effort),
                        AttentionSection.blocks(effort),
                        new AttentionMemorySection(),
                        TrainingSection.gpt2(effort, machine),
                        TrainingSection.defaultJob(effort, machine),
                        new OverheadSection(effort),
                        new OptimizerSection(effort, machine),
                        new GenerationSection(effort, machine),
                        new TokenOverheadSection(effort)));
    }

    /** Returns all cases in the order in which they are measured. */
    List<Case> cases() {
        Stream<Case> rows = sections.stream().flatMap(section -> section.cases().stream());
        return Stream.concat(rows, Stream.of(machine.after())).toList();
    }

    /**
     * Returns a case.
     *
     * @param id its id
     * @return the case
     * @throws IllegalArgumentException if there is none
     */
    Case find(String id) {
        return cases().stream()
                .filter(candidate -> candidate.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no case has the id " + id));
    }
}
