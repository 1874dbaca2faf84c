package org.djlgpt.generation;

import java.math.BigDecimal;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Named values that came with a {@link ai.djl.repository.zoo.Criteria}, as their own type or as
 * text. What was asked for is what is known; anything else is a mistake.
 */
final class Arguments {

    private final Map<String, ?> given;
    private final Set<String> known = new TreeSet<>();

    /**
     * Takes the values.
     *
     * @param given values by name, or null for none
     */
    Arguments(Map<String, ?> given) {
        this.given = given == null ? Map.of() : given;
    }

    Optional<Integer> integer(String name) {
        return read(
                name, "a whole number", value -> new BigDecimal(value.toString()).intValueExact());
    }

    Optional<Double> number(String name) {
        return read(name, "a number", value -> Double.valueOf(value.toString()));
    }

    /** Returns some strings; a single one may stand for a list of one. */
    Optional<List<String>> strings(String name) {
        return read(
                name,
                "a string or a list of strings",
                value -> {
                    Collection<?> all = value instanceof Collection<?> list ? list : List.of(value);
                    return all.stream().map(String.class::cast).toList();
                });
    }

    <E extends Enum<E>> Optional<E> oneOf(Class<E> type, String name) {
        return read(
                name,
                "one of " + List.of(type.getEnumConstants()),
                value -> Enum.valueOf(type, value.toString().toUpperCase(Locale.ROOT)));
    }

    private <T> Optional<T> read(String name, String expected, Function<Object, T> parser) {
        known.add(name);
        Object value = given.get(name);
        try {
            return Optional.ofNullable(value).map(parser);
        } catch (IllegalArgumentException | ArithmeticException | ClassCastException e) {
            throw new IllegalArgumentException(
                    "%s=%s must be %s".formatted(name, value, expected), e);
        }
    }

    /**
     * Checks that every value was asked for.
     *
     * @throws IllegalArgumentException if one was not
     */
    void requireNoOthers() {
        for (String name : given.keySet()) {
            if (!known.contains(name)) {
                throw new IllegalArgumentException(
                        "%s=%s is not known here; use one of %s"
                                .formatted(name, given.get(name), known));
            }
        }
    }
}
