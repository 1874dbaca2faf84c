package org.djlgpt.jinja;

import java.util.List;

/**
 * What a template calls {@code loop}: where the innermost loop is.
 *
 * @param items what it goes through
 * @param index how many have been before
 */
record Loop(List<?> items, int index) {

    Object attribute(String name) {
        int size = items.size();
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "revindex" -> (long) size - index;
            case "revindex0" -> size - index - 1L;
            case "first" -> index == 0;
            case "last" -> index == size - 1;
            case "length" -> (long) size;
            case "previtem" ->
                    index > 0 ? items.get(index - 1) : new Undefined("there is no previous item");
            case "nextitem" ->
                    index < size - 1
                            ? items.get(index + 1)
                            : new Undefined("there is no next item");
            case "cycle" -> (Callable) this::cycle;
            default -> throw new TemplateError("loop.%s is not supported", name);
        };
    }

    private Object cycle(Python python, Arguments arguments) {
        List<Object> values = arguments.positional();
        if (values.isEmpty()) {
            throw new TemplateError("loop.cycle needs values to choose from");
        }
        return values.get(index % values.size());
    }
}
