package org.djlgpt.cli;

/** What tokens are. */
enum TokenizerKind {
    /** Characters of the training text. */
    CHAR,
    /** GPT-2's byte-pair encoding. */
    GPT2
}
