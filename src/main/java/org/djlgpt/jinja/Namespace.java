package org.djlgpt.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A value whose attributes a template may set.
 *
 * @param attributes by name
 */
record Namespace(Map<String, Object> attributes) {

    static Namespace of(Arguments arguments) {
        Map<String, Object> attributes = new LinkedHashMap<>();
        if (arguments.allow("values").get(0, "values", null) instanceof Map<?, ?> values) {
            values.forEach((name, value) -> attributes.put(String.valueOf(name), value));
        }
        return new Namespace(attributes);
    }
}
