package org.djlgpt.cli.console;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How the command was started, for messages that say what to type next. */
public enum Launch {
    /** By the script, which tells its name. */
    SCRIPT {
        @Override
        public String line(String... arguments) {
            return quoted(System.getProperty(COMMAND)) + " " + words(arguments);
        }

        @Override
        String with(String javaOption) {
            return "JAVA_OPTS=" + javaOption;
        }
    },

    /** By {@code java -jar}. */
    JAR {
        @Override
        public String line(String... arguments) {
            return "java -jar " + quoted(classPath()) + " " + words(arguments);
        }

        @Override
        String with(String javaOption) {
            return "java " + javaOption + " -jar";
        }
    },

    /** By Maven, which is at hand wherever there are classes and no jar. */
    MAVEN {
        @Override
        public String line(String... arguments) {
            return "mvn -q compile exec:java -Dexec.args=\""
                    + words(arguments).replaceAll("[\\\\\"$`]", "\\\\$0")
                    + "\"";
        }

        @Override
        String with(String javaOption) {
            return "MAVEN_OPTS=" + javaOption;
        }
    };

    /** The property in which the script tells what it was called as. */
    static final String COMMAND = "djlgpt.command";

    /**
     * Returns how this process was started.
     *
     * @return how
     */
    public static Launch current() {
        if (System.getProperty(COMMAND) != null) {
            return SCRIPT;
        }
        return isOneJar() ? JAR : MAVEN;
    }

    private static boolean isOneJar() {
        URL origin = Launch.class.getProtectionDomain().getCodeSource().getLocation();
        try {
            Path only = Path.of(classPath());
            return Files.isRegularFile(only) && Files.isSameFile(only, Path.of(origin.toURI()));
        } catch (IOException | URISyntaxException | IllegalArgumentException e) {
            return false; // several entries are no path
        }
    }

    private static String classPath() {
        return System.getProperty("java.class.path");
    }

    /**
     * Returns the POSIX shell's line that runs {@code gpt}, whatever characters arguments have.
     *
     * @param arguments what follows the command's name
     * @return the line
     */
    public abstract String line(String... arguments);

    /** Returns how to start it with an option for Java. */
    abstract String with(String javaOption);

    private static String words(String... arguments) {
        return Stream.of(arguments).map(Launch::quoted).collect(Collectors.joining(" "));
    }

    /** Maven's exec plugin splits its line at spaces outside quotes, and has no other escape. */
    private static String quoted(String argument) {
        return argument.matches("[\\w./:=+@%,-]+")
                ? argument
                : "'" + argument.replace("'", "'\"'\"'") + "'";
    }
}
