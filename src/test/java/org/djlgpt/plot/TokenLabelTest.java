package org.djlgpt.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TokenLabelTest {

    @Test
    void nothingIsInvisible() {
        assertEquals("\u2423the", TokenLabel.of(" the"));
        assertEquals("\u23CE\u21E5\u240D\u2423", TokenLabel.of("\n\t\r "));
        assertEquals("\u2400\u241B\u2421", TokenLabel.of("\0\033\177"));
        assertEquals(
                "U+00A0U+200BU+FEFFU+202EU+0085", TokenLabel.of("\u00A0\u200B\uFEFF\u202E\u0085"));
        assertEquals("\u25CC\u0301", TokenLabel.of("\u0301"), "an accent alone");
        assertEquals("\uFFFD", TokenLabel.of("\uD83D"), "half a character");
    }

    @Test
    void whatCanBeSeenStays() {
        assertEquals(
                "\u00E9\u4E16\uD83D\uDE42\uFFFD<&>",
                TokenLabel.of("\u00E9\u4E16\uD83D\uDE42\uFFFD<&>"));
    }

    @Test
    void longTokensEndInAnEllipsis() {
        assertEquals("01234567890123456789", TokenLabel.shortened("01234567890123456789"));
        assertEquals("0123456789012345678\u2026", TokenLabel.shortened("012345678901234567890"));
        String emoji = "\uD83D\uDE42";
        assertEquals(emoji.repeat(19) + "\u2026", TokenLabel.shortened(emoji.repeat(30)));
    }
}
