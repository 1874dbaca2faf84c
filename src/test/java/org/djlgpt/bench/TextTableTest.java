package org.djlgpt.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

import java.util.Locale;

class TextTableTest {

    @Test
    void firstColumnIsAlignedToTheLeftAndTheOthersToTheRight() {
        TextTable table = new TextTable("Title", "", "ms", "ratio");
        table.row("a", "1,234.5", "1.0x");
        table.row("longer", "2.0", "617.3x");
        table.note("a note");
        assertEquals(
                """
                Title
                               ms   ratio
                  a       1,234.5    1.0x
                  longer      2.0  617.3x
                  a note
                """,
                table.toString());
    }

    @Test
    void figuresDoNotDependOnTheLocale() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.GERMANY);
        try {
            assertEquals("1,234.5", TextTable.number(1234.52, 1));
            assertEquals("8.3x", TextTable.times(8.26));
            assertEquals("57 %", TextTable.percent(0.568));
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void whatIsUnknownIsADash() {
        assertEquals("-", TextTable.number(Double.NaN, 1));
        assertEquals("-", TextTable.times(Double.POSITIVE_INFINITY));
        assertEquals("-", TextTable.percent(Double.NaN));
    }

    @Test
    void aRowOfAnotherWidthIsRefused() {
        TextTable table = new TextTable("Title", "", "ms");
        assertThrows(IllegalArgumentException.class, () -> table.row("a", "1", "2"));
    }
}
