package org.djlgpt.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Locale;

class TextTableTest {

    @Test
    void firstColumnIsAlignedToTheLeftAndTheOthersToTheRight() {
        TextTable table = new TextTable("Title", "ms", "of a limit");
        List<String> names = List.of("a", "longer");
        assertEquals(
                """
                Title
                               ms  of a limit
                  a       1,234.5        57 %
                  longer      2.0       100 %
                """,
                table.head(names)
                        + table.row(names, "a", List.of("1,234.5", "57 %"))
                        + table.row(names, "longer", List.of("2.0", "100 %")));
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
        TextTable table = new TextTable("Title", "ms");
        List<String> names = List.of("a");
        List<String> cells = List.of("1", "2");
        assertThrows(IllegalArgumentException.class, () -> table.row(names, "a", cells));
    }
}
