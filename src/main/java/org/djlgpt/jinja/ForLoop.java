package org.djlgpt.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * A loop. Variables that are set in it are gone when it goes on with the next item.
 *
 * @param condition which items take part; null for all
 * @param otherwise what is done if there is none; null for nothing
 */
record ForLoop(
        int line,
        Targets targets,
        Expression items,
        Expression condition,
        Statement body,
        Statement otherwise)
        implements Statement {

    @Override
    public Flow execute(Scope scope, StringBuilder out) {
        scope.python().budget().begin(line, 1);
        List<?> chosen = choose(scope);
        for (int i = 0; i < chosen.size(); i++) {
            scope.python().budget().spend(1);
            Scope inner = scope.inner();
            inner.set("loop", new Loop(chosen, i));
            targets.bind(inner, chosen.get(i));
            if (body.execute(inner, out) == Flow.BREAK) {
                break;
            }
        }
        return chosen.isEmpty() && otherwise != null
                ? otherwise.execute(scope.inner(), out)
                : Flow.NEXT;
    }

    private List<?> choose(Scope scope) {
        List<Object> all = scope.python().list(items.evaluate(scope));
        if (condition == null) {
            return all;
        }
        List<Object> chosen = new ArrayList<>();
        for (Object item : all) {
            scope.python().budget().spend(1);
            Scope inner = scope.inner();
            targets.bind(inner, item);
            if (condition.isTrue(inner)) {
                chosen.add(item);
            }
        }
        return chosen;
    }
}
