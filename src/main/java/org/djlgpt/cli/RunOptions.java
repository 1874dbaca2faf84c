package org.djlgpt.cli;

import ai.djl.MalformedModelException;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The options of a training, as they travel with its checkpoints: {@code --layers} to "4". */
final class RunOptions {

    /** What belongs to the call of the command, not to the training. */
    private static final Set<String> LEFT_OUT =
            Set.of("--help", "--version", "--out", "--resume", "--device");

    /** What a resumed training may have otherwise. */
    private static final Set<String> FREE =
            Set.of(
                    "--data", // the data are compared, wherever they lie
                    "--steps",
                    "--eval-every",
                    "--checkpoint-every",
                    "--skip-bad-steps",
                    "--keep-going");

    private RunOptions() {}

    /** Returns the options that have a value. */
    static Map<String, String> of(CommandSpec command) {
        Map<String, String> options = new LinkedHashMap<>();
        for (OptionSpec option : command.options()) {
            Object value = option.getValue();
            if (value != null && !LEFT_OUT.contains(option.longestName())) {
                options.put(
                        option.longestName(),
                        value instanceof Path path
                                ? path.toAbsolutePath().toString()
                                : value.toString());
            }
        }
        return options;
    }

    /**
     * Gives options that are not on the command line the values that a checkpoint has.
     *
     * @param notes a checkpoint's; those that are no options are passed over
     */
    static void adopt(Map<String, String> notes, CommandSpec command)
            throws MalformedModelException {
        CommandLine line = command.commandLine();
        List<String> arguments = new ArrayList<>();
        for (Map.Entry<String, String> note : notes.entrySet()) {
            String name = note.getKey();
            if (name.startsWith("--")) {
                if (command.findOption(name) == null || LEFT_OUT.contains(name)) {
                    throw new MalformedModelException(
                            "the checkpoint has %s, which is no option of a training"
                                    .formatted(name));
                }
                arguments.add(name + "=" + note.getValue());
            }
        }
        List<String> given = line.getParseResult().originalArgs(); // from the name on
        arguments.addAll(given.subList(given.indexOf(command.name()) + 1, given.size()));
        line.parseArgs(arguments.toArray(String[]::new));
    }

    /** Refuses notes of another training than the checkpoint's, naming each that differs. */
    static void requireSame(Map<String, String> checkpoint, Map<String, String> now) {
        Set<String> names = new TreeSet<>(checkpoint.keySet());
        names.addAll(now.keySet());
        names.removeAll(FREE);
        names.removeIf(name -> Objects.equals(checkpoint.get(name), now.get(name)));
        if (!names.isEmpty()) {
            throw new IllegalArgumentException(
                    "the checkpoint has %s, not %s; leave out what differs, or start a new run"
                            .formatted(list(names, checkpoint), list(names, now)));
        }
    }

    private static String list(Set<String> names, Map<String, String> values) {
        return names.stream()
                .map(n -> values.containsKey(n) ? n + "=" + values.get(n) : "no " + n)
                .collect(Collectors.joining(", "));
    }
}
