package org.djlgpt.cli.console;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import java.lang.reflect.Member;

/**
 * What the library calls the options of a command: an option that sets a parameter is kept in a
 * field of the parameter's name, {@code --heads} in {@code numHeads}.
 */
public final class OptionNames {

    private OptionNames() {}

    /**
     * Returns the parameter of an option.
     *
     * @param option the option
     * @return what the library calls it
     */
    public static String parameter(OptionSpec option) {
        return ((Member) option.userObject()).getName();
    }

    /**
     * Returns the option of a parameter.
     *
     * @param parameter what the library calls it
     * @param command the command
     * @return the option, or the parameter if the command has none
     */
    public static String option(String parameter, CommandSpec command) {
        return command.options().stream()
                .filter(option -> parameter(option).equals(parameter))
                .map(OptionSpec::longestName)
                .findFirst()
                .orElse(parameter);
    }
}
