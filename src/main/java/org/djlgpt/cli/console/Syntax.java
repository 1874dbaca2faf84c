package org.djlgpt.cli.console;

import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.TypeConversionException;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** How words are read: each that follows an option that takes one is its text. */
public final class Syntax {

    private Syntax() {}

    /**
     * Lets a parser read words so.
     *
     * @param parser the parser, with its subcommands
     * @return the parser
     */
    public static CommandLine of(CommandLine parser) {
        return parser.setExpandAtFiles(false)
                .setAllowOptionsAsOptionParameters(true)
                .setEndOfOptionsDelimiter("\0") // nobody can write that, and -- is a text
                .setPosixClusteredShortOptionsAllowed(false)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOverwrittenOptionsAllowed(true)
                .setColorScheme(
                        Help.defaultColorScheme(Terminal.hasColors() ? Ansi.AUTO : Ansi.OFF))
                .registerConverter(Path.class, Syntax::path)
                .registerConverter(Integer.class, Syntax::integer)
                .registerConverter(int.class, Syntax::integer);
    }

    private static Path path(String word) {
        if (word.isEmpty()) {
            throw new TypeConversionException("it is empty; name a file or folder");
        }
        if (word.startsWith("-") && !word.equals("-")) {
            throw new TypeConversionException(
                    "'%s' looks like an option; write ./%s if it is a name".formatted(word, word));
        }
        try {
            return Path.of(word);
        } catch (InvalidPathException e) {
            throw new TypeConversionException(
                    "'%s' can't be a file's name in the encoding %s; set LC_ALL=C.UTF-8"
                            .formatted(word, System.getProperty("sun.jnu.encoding")));
        }
    }

    private static int integer(String word) {
        try {
            return Integer.parseInt(word);
        } catch (NumberFormatException e) {
            throw new TypeConversionException(
                    "'" + word + "' is no whole number from -2147483648 to 2147483647");
        }
    }
}
