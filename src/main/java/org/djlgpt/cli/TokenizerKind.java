package org.djlgpt.cli;

import org.djlgpt.text.CharTokenizer;
import org.djlgpt.text.Gpt2Tokenizer;
import org.djlgpt.text.Tokenizer;

import java.util.Locale;
import java.util.Optional;

/** What tokens are. */
enum TokenizerKind {
    /** Characters of the training text. */
    CHAR,
    /** GPT-2's byte-pair encoding. */
    GPT2;

    /** Returns the kind of a tokenizer, or empty for one that only comes with a model. */
    static Optional<TokenizerKind> of(Tokenizer tokenizer) {
        if (tokenizer instanceof Gpt2Tokenizer) {
            return Optional.of(GPT2);
        }
        return tokenizer instanceof CharTokenizer ? Optional.of(CHAR) : Optional.empty();
    }

    /** Returns how the command line spells it. */
    String option() {
        return name().toLowerCase(Locale.ROOT);
    }
}
