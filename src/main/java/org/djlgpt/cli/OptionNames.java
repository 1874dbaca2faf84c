package org.djlgpt.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Says in a command's options what the library says in its parameters: {@code numHeads=3 must
 * divide embeddingDim=128} becomes {@code --heads=3 must divide --embedding-dim=128}.
 */
final class OptionNames {

    /** Options that are not spelt as their parameters are. */
    private static final Map<String, String> OTHERS =
            Map.of("--kv-heads", "numKeyValueHeads", "--rope-base", "rotary base");

    private OptionNames() {}

    /** Returns a message in which parameters that a command has options for bear their names. */
    static String in(String message, CommandSpec command) {
        String translated = message;
        for (OptionSpec option : command.options()) {
            String parameter = parameter(option);
            translated =
                    mention(parameter, message)
                            .matcher(translated)
                            .replaceAll(Matcher.quoteReplacement(option.longestName()));
        }
        return translated;
    }

    /** A plain word such as "steps" is a parameter only in a message that gives its value. */
    private static Pattern mention(String parameter, String message) {
        String number =
                "num" + parameter.substring(0, 1).toUpperCase(Locale.ROOT) + parameter.substring(1);
        boolean isWord = parameter.equals(parameter.toLowerCase(Locale.ROOT));
        boolean hasValue = Pattern.compile("(?<![\\w-])" + parameter + "=").matcher(message).find();
        String name = isWord && !hasValue ? number : parameter;
        return Pattern.compile("(?<![\\w-])" + name + "(?!\\w)");
    }

    /** Returns what the library calls an option: --embedding-dim is embeddingDim. */
    static String parameter(OptionSpec option) {
        String other = OTHERS.get(option.longestName());
        if (other != null) {
            return other;
        }
        String[] words = option.longestName().replaceFirst("^-+", "").split("-");
        return words[0]
                + Stream.of(words)
                        .skip(1)
                        .map(
                                word ->
                                        word.substring(0, 1).toUpperCase(Locale.ROOT)
                                                + word.substring(1))
                        .collect(Collectors.joining());
    }
}
