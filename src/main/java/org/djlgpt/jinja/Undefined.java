package org.djlgpt.jinja;

/**
 * What a name or an attribute that is not there stands for: nothing, as long as nothing is done
 * with it but to write it, to go through it or to ask whether it is there.
 *
 * @param message what to say when more is done
 */
record Undefined(String message) {

    TemplateError error() {
        return new TemplateError("%s", message);
    }

    /** One is as good as another. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Undefined;
    }

    @Override
    public int hashCode() {
        return 0;
    }
}
