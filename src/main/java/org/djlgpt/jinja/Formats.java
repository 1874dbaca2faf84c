package org.djlgpt.jinja;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Texts with places for values. */
final class Formats {

    private static final Pattern PERCENT = Pattern.compile("%(.)", Pattern.DOTALL);
    private static final Pattern BRACES = Pattern.compile("\\{\\{|\\}\\}|\\{([^{}]*)\\}|[{}]");
    private static final Pattern TIME = Pattern.compile("%(-?.?)", Pattern.DOTALL);

    /** Of strftime, in the words of DateTimeFormatter. */
    private static final Map<String, String> TIMES =
            Map.ofEntries(
                    Map.entry("a", "EEE"),
                    Map.entry("A", "EEEE"),
                    Map.entry("b", "MMM"),
                    Map.entry("B", "MMMM"),
                    Map.entry("d", "dd"),
                    Map.entry("-d", "d"),
                    Map.entry("m", "MM"),
                    Map.entry("-m", "M"),
                    Map.entry("y", "yy"),
                    Map.entry("Y", "yyyy"),
                    Map.entry("H", "HH"),
                    Map.entry("I", "hh"),
                    Map.entry("M", "mm"),
                    Map.entry("S", "ss"),
                    Map.entry("j", "DDD"),
                    Map.entry("p", "a"));

    private Formats() {}

    /** Returns {@code format % values}. */
    static String percent(Python python, String format, List<?> values) {
        Iterator<?> next = values.iterator();
        String text =
                replace(
                        python,
                        PERCENT,
                        format,
                        place ->
                                switch (place.group(1)) {
                                    case "%" -> "%";
                                    case "s" -> python.text(required(next));
                                    case "d" -> String.valueOf(Python.whole(required(next)));
                                    default ->
                                            throw new TemplateError(
                                                    "the format %s is not supported",
                                                    place.group());
                                });
        if (next.hasNext()) {
            throw new TemplateError("a format has fewer places than values");
        }
        return text;
    }

    private static Object required(Iterator<?> values) {
        if (!values.hasNext()) {
            throw new TemplateError("a format has more places than values");
        }
        return values.next();
    }

    /** Returns {@code format.format(values)}. */
    static String braces(Python python, String format, Arguments arguments) {
        Iterator<?> next = arguments.positional().iterator();
        return replace(
                python,
                BRACES,
                format,
                place -> {
                    String name = place.group(1);
                    if (place.group().matches("\\{\\{|\\}\\}")) {
                        return place.group().substring(1);
                    }
                    if (name == null || !name.matches("\\w*")) {
                        throw new TemplateError("the format %s is not supported", place.group());
                    }
                    return python.text(
                            name.isEmpty()
                                    ? required(next)
                                    : name.matches("\\d{1,4}")
                                            ? arguments.require(Integer.parseInt(name), name)
                                            : arguments.require(Integer.MAX_VALUE, name));
                });
    }

    /** Returns the time as Python's {@code strftime} writes it in English. */
    static String time(Python python, String format) {
        LocalDateTime now = LocalDateTime.now(python.clock());
        return replace(
                python,
                TIME,
                format,
                place -> {
                    String pattern = TIMES.get(place.group(1));
                    if (place.group(1).equals("%")) {
                        return "%";
                    }
                    if (pattern == null) {
                        throw new TemplateError(
                                "the time format %s is not supported", place.group());
                    }
                    return DateTimeFormatter.ofPattern(pattern, Locale.US).format(now);
                });
    }

    private static String replace(Python python, Pattern places, String format, Filled filled) {
        StringBuilder text = new StringBuilder();
        int end = 0;
        for (MatchResult place :
                (Iterable<MatchResult>) places.matcher(format).results()::iterator) {
            String value = filled.by(place);
            python.budget().make(place.start() - end + value.length());
            text.append(format, end, place.start()).append(value);
            end = place.end();
        }
        return text.append(format, end, format.length()).toString();
    }

    /** What goes into a place. */
    @FunctionalInterface
    private interface Filled {

        String by(MatchResult place);
    }
}
