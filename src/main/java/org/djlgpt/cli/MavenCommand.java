package org.djlgpt.cli;

import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The line that runs {@code gpt} by way of Maven, for pasting into a POSIX shell. */
final class MavenCommand {

    private MavenCommand() {}

    /** Returns the line for some arguments, whatever characters they have. */
    static String of(String... arguments) {
        String line =
                Stream.of(arguments).map(MavenCommand::quoted).collect(Collectors.joining(" "));
        return "mvn -q compile exec:java -Dexec.args=\""
                + line.replaceAll("[\\\\\"$`]", "\\\\$0")
                + "\"";
    }

    /** Maven's exec plugin splits its line at spaces outside quotes, and has no other escape. */
    private static String quoted(String argument) {
        return argument.matches("[\\w./:=+@%,-]+")
                ? argument
                : "'" + argument.replace("'", "'\"'\"'") + "'";
    }
}
