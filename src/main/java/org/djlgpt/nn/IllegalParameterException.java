package org.djlgpt.nn;

import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says that a parameter has a value that it can't have. The message names it as the program does;
 * whoever offers it under another name, as a command does in its options, asks for {@link
 * #message}.
 */
public final class IllegalParameterException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;
    private static final Pattern NAME = Pattern.compile("\\{([^}]*)}");

    /** The message, with the names of parameters in braces. */
    private final String rule;

    /**
     * Makes the exception.
     *
     * @param rule the message, as a format, with the names of parameters in braces: {@code
     *     {numHeads}=%d must divide {embeddingDim}=%d}
     * @param values the numbers of the format
     */
    public IllegalParameterException(String rule, Number... values) {
        super(named(format(rule, values), UnaryOperator.identity()));
        this.rule = format(rule, values);
    }

    private static String format(String rule, Number... values) {
        return String.format(Locale.ROOT, rule, (Object[]) values);
    }

    private static String named(String rule, UnaryOperator<String> names) {
        return NAME.matcher(rule)
                .replaceAll(name -> Matcher.quoteReplacement(names.apply(name.group(1))));
    }

    /**
     * Returns the message with other names.
     *
     * @param names gives each parameter the name that it is to have
     * @return the message
     */
    public String message(UnaryOperator<String> names) {
        return named(rule, names);
    }
}
