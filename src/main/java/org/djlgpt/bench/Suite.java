package org.djlgpt.bench;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

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

    /**
     * Returns the suite with some of its cases.
     *
     * @param names of each a case's id, or a part of those of several
     * @throws IllegalArgumentException if a name is part of no id
     */
    Suite only(List<String> names) {
        Set<String> wanted = new HashSet<>();
        names.forEach(name -> wanted.addAll(ids(name)));
        return new Suite(
                sections.stream()
                        .filter(section -> section.cases().stream().anyMatch(in(wanted)))
                        .map(section -> section.only(in(wanted)))
                        .toList());
    }

    private static Predicate<Case> in(Set<String> ids) {
        return work -> ids.contains(work.id());
    }

    private List<String> ids(String name) {
        List<String> ids = cases().stream().map(Case::id).toList();
        List<String> holding = ids.stream().filter(id -> id.contains(name)).toList();
        if (holding.isEmpty()) {
            List<String> sections = cases().stream().map(Case::section).distinct().toList();
            throw new IllegalArgumentException(
                    "no row's name holds '%s'; names are 'section: row', with the sections %s"
                            .formatted(name, String.join(", ", sections)));
        }
        return ids.contains(name) ? List.of(name) : holding;
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
