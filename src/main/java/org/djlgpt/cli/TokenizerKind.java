package org.djlgpt.cli;

import org.djlgpt.text.Gpt2Tokenizer;
import org.djlgpt.text.Tokenizer;

import java.util.Locale;

/** What tokens are. */
enum TokenizerKind {
    /** Characters of the training text. */
    CHAR,
    /** GPT-2's byte-pair encoding. */
    GPT2;

    static TokenizerKind of(Tokenizer tokenizer) {
        return tokenizer instanceof Gpt2Tokenizer ? GPT2 : CHAR;
    }

    /** Returns how the command line spells it. */
    String option() {
        return name().toLowerCase(Locale.ROOT);
    }
}
