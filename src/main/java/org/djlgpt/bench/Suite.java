package org.djlgpt.bench;

import java.util.List;

/**
 * All tables.
 *
 * @param sections the tables in the order in which they are measured and printed
 */
record Suite(List<Section> sections) {

    static Suite of(Effort effort) {
        MachineSection machine = new MachineSection(effort);
        Section training = TrainingSection.gpt2(effort, machine);
        Section.Table generation = GenerationSection.gpt2(effort, machine);
        return new Suite(
                List.of(
                        machine,
                        AttentionSection.core(effort),
                        AttentionSection.blocks(effort),
                        AttentionSection.memory(),
                        training,
                        TrainingSection.llama(effort, machine, training),
                        TrainingSection.lora(effort, machine, training),
                        TrainingSection.ofTrainCommand(effort, machine),
                        OverheadSection.training(effort),
                        OptimizerSection.of(effort, machine),
                        generation,
                        GenerationSection.llama(effort, machine, generation),
                        TextSection.of(effort),
                        OverheadSection.token(effort)));
    }

    /** Returns all cases in the order in which they are measured. */
    List<Case> cases() {
        return sections.stream().flatMap(section -> section.cases().stream()).toList();
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
