package org.djlgpt.jinja;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;

/** A list that is written in round brackets. */
final class Tuple extends AbstractList<Object> {

    private final List<Object> items;

    Tuple(Object... items) {
        this.items = Arrays.asList(items);
    }

    @Override
    public Object get(int index) {
        return items.get(index);
    }

    @Override
    public int size() {
        return items.size();
    }
}
