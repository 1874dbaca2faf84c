package org.djlgpt.bench;

import java.util.List;

/**
 * All tables.
 *
 * @param sections the tables in the order in which they are measured and printed
 */
record Suite(List<Section> sections) {

    static Suite of(Effort effort) {
        LimitsSection machine = new LimitsSection(effort);
        return new Suite(
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
        return sections.stream().flatMap(section -> section.cases().stream()).toList();
    }

    /** Returns the tables as far as they are measured. */
    String text(Results results) {
        StringBuilder text = new StringBuilder();
        for (Section section : sections) {
            for (Case row : section.cases()) {
                if (results.has(row)) {
                    text.append(section.text(row, results));
                }
            }
        }
        return text.toString();
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
