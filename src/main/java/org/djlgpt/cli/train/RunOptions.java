package org.djlgpt.cli.train;

import ai.djl.MalformedModelException;

import org.djlgpt.cli.console.OptionNames;
import org.djlgpt.training.Checkpoint;
import org.djlgpt.training.TrainingPlan;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What a run is made of: the options of its command by name, {@code --layers} to "4", and a sum
 * over its vocabulary. Of these, a checkpoint has those of the {@link TrainingPlan} as the
 * configuration itself, and the others as notes.
 */
final class RunOptions {

    /** What belongs to the call of the command, not to the training. */
    private static final Set<String> LEFT_OUT =
            Set.of("--help", "--version", "--out", "--resume", "--device");

    /** What a run that goes on may have otherwise, besides {@link Checkpoint#FREE}. */
    private static final Set<String> FREE =
            Set.of(
                    "--data", // the data are compared, wherever they lie
                    "--examples",
                    "--labels",
                    "--preferences",
                    "--threads",
                    "--validation",
                    "--validation-share",
                    "--include",
                    "--exclude",
                    "--strict",
                    "--checkpoint-every",
                    "--skip-bad-steps",
                    "--keep-going",
                    "--spark", // the same cluster, or another
                    "--spark-conf",
                    "--spark-data",
                    "--spark-folder",
                    "--executor-cores");

    private static final String VOCABULARY = "vocabulary";

    /** Stands between the values of an option that was given several times. */
    private static final String BETWEEN = "\n";

    private final Map<String, String> notes;
    private final Map<String, String> settings = new LinkedHashMap<>();
    private final Set<String> free = new TreeSet<>(FREE);

    private RunOptions(CommandSpec command, Map<String, String> notes, TrainingPlan plan) {
        this.notes = notes;
        Map<String, String> values = plan.values();
        for (OptionSpec option : command.options()) {
            String parameter = OptionNames.parameter(option);
            if (values.containsKey(parameter)) {
                settings.put(option.longestName(), values.get(parameter));
            }
            if (Checkpoint.FREE.contains(parameter)) {
                free.add(option.longestName());
            }
        }
        notes.keySet().removeAll(settings.keySet());
    }

    /** Returns those of a command line. */
    static RunOptions of(CommandSpec command, TrainingPlan plan, String vocabulary) {
        Map<String, String> notes = new LinkedHashMap<>();
        for (OptionSpec option : command.options()) {
            List<?> values = values(option);
            if (!values.isEmpty() && !LEFT_OUT.contains(option.longestName())) {
                notes.put(
                        option.longestName(),
                        values.stream()
                                .map(v -> v instanceof Path path ? path.toAbsolutePath() : v)
                                .map(Object::toString)
                                .collect(Collectors.joining(BETWEEN)));
            }
        }
        notes.put(VOCABULARY, vocabulary);
        return new RunOptions(command, notes, plan);
    }

    private static List<?> values(OptionSpec option) {
        Object value = option.getValue();
        if (value instanceof List<?> several) {
            return several;
        }
        return value == null ? List.of() : List.of(value);
    }

    /**
     * Returns those of the run that wrote a checkpoint.
     *
     * @throws MalformedModelException if it has one that is no option of a training
     */
    static RunOptions of(CommandSpec command, Checkpoint checkpoint)
            throws MalformedModelException {
        for (String name : checkpoint.notes().keySet()) {
            boolean isOption = command.findOption(name) != null && !LEFT_OUT.contains(name);
            if (name.startsWith("--") && !isOption) {
                throw new MalformedModelException(
                        "the checkpoint has %s, which is no option of a training".formatted(name));
            }
        }
        return new RunOptions(command, new LinkedHashMap<>(checkpoint.notes()), checkpoint.plan());
    }

    /** Returns what a checkpoint is to say besides the training's configuration. */
    Map<String, String> notes() {
        return notes;
    }

    /**
     * Gives options that are not on the command line the values that they have here.
     *
     * @return these options, with their values
     */
    Map<String, List<String>> adopt(CommandSpec command) {
        ParseResult parsed = command.commandLine().getParseResult();
        Map<String, List<String>> adopted =
                valuesByName(command, name -> !parsed.hasMatchedOption(name));
        List<String> arguments = arguments(adopted);
        List<String> given = parsed.originalArgs();
        arguments.addAll(given.subList(given.indexOf(command.name()) + 1, given.size()));
        command.commandLine().parseArgs(arguments.toArray(String[]::new));
        return adopted;
    }

    /** Returns all of them as words of a command line. */
    List<String> arguments(CommandSpec command) {
        return arguments(valuesByName(command, name -> true));
    }

    private static List<String> arguments(Map<String, List<String>> options) {
        List<String> arguments = new ArrayList<>();
        options.forEach(
                (name, values) -> values.forEach(value -> arguments.add(name + "=" + value)));
        return arguments;
    }

    private Map<String, List<String>> valuesByName(CommandSpec command, Predicate<String> names) {
        Map<String, List<String>> options = new LinkedHashMap<>();
        values().forEach(
                        (name, value) -> {
                            if (name.startsWith("--") && names.test(name)) {
                                boolean several = command.findOption(name).isMultiValue();
                                options.put(
                                        name,
                                        several ? List.of(value.split(BETWEEN)) : List.of(value));
                            }
                        });
        return options;
    }

    /**
     * Refuses files and folders that are gone since a run was begun with them.
     *
     * @param adopted what {@link #adopt} returns
     * @param run the folder of the run
     */
    static void requireThere(Map<String, List<String>> adopted, Path run) {
        adopted.forEach(
                (option, values) -> {
                    for (String value : values) {
                        if (isPlace(value) && Files.notExists(Path.of(value))) {
                            throw new IllegalArgumentException(
                                    "%s %s does not exist any more, with which the run in %s was begun; say where it is now with --resume %s %s PATH"
                                            .formatted(option, value, run, run, option));
                        }
                    }
                });
    }

    /** Refuses those of another training, naming each that differs. */
    void requireSame(RunOptions other) {
        Map<String, String> before = values();
        Map<String, String> now = other.values();
        Set<String> names = new TreeSet<>(before.keySet());
        names.addAll(now.keySet());
        names.removeAll(free);
        names.removeIf(name -> isPlace(before.get(name)) && isPlace(now.get(name)));
        names.removeIf(name -> Objects.equals(before.get(name), now.get(name)));
        if (!names.isEmpty()) {
            throw new IllegalArgumentException(
                    "the checkpoint has %s, not %s; leave out what differs, or start a new run"
                            .formatted(list(names, before), list(names, now)));
        }
    }

    /**
     * Tells whether a value is a file or folder, as all of them are noted. It may lie elsewhere
     * now: its content is compared, as tokens, vocabulary, or weights that are not trained.
     */
    private static boolean isPlace(String value) {
        try {
            return value != null && Path.of(value).isAbsolute();
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private Map<String, String> values() {
        Map<String, String> values = new TreeMap<>(notes);
        values.putAll(settings);
        return values;
    }

    private static String list(Set<String> names, Map<String, String> values) {
        return names.stream()
                .map(n -> values.containsKey(n) ? n + "=" + values.get(n) : "no " + n)
                .collect(Collectors.joining(", "));
    }
}
