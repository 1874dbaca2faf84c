package org.djlgpt.jinja;

import java.util.Map;

/**
 * A part of a template that is written where it is called.
 *
 * @param parameters their names, and what stands for one that is not given; null for undefined
 * @param scope where it was defined
 */
record Macro(String name, Map<String, Expression> parameters, Statement body, Scope scope)
        implements Callable {

    @Override
    public Object call(Python python, Arguments arguments) {
        arguments.allow(parameters.keySet().toArray(String[]::new));
        python.budget().enter();
        int line = python.budget().line();
        Scope inner = scope.inner();
        int index = 0;
        for (Map.Entry<String, Expression> parameter : parameters.entrySet()) {
            String given = parameter.getKey();
            Object missing =
                    parameter.getValue() == null
                            ? new Undefined("parameter '%s' was not provided".formatted(given))
                            : parameter.getValue().evaluate(inner);
            inner.set(given, arguments.get(index++, given, missing));
        }
        String text = body.capture(inner);
        python.budget().begin(line, 0);
        python.budget().leave();
        return text;
    }
}
