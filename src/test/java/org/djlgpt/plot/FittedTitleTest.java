package org.djlgpt.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.awt.Font;

class FittedTitleTest {

    private static final Font FONT = new Font(Font.SANS_SERIF, Font.BOLD, 18);

    @Test
    void leavesATitleThatFits() {
        assertEquals(new FittedTitle("Loss", FONT), FittedTitle.of("Loss", FONT, 400));
    }

    @Test
    void makesALongTitleSmaller() {
        String title = "GPT-2 124M, batch 4 x 256, seed 123";
        double width = FittedTitle.width(title, FONT) * 0.8;
        FittedTitle fitted = FittedTitle.of(title, FONT, width);
        assertEquals(title, fitted.text());
        assertTrue(FittedTitle.width(fitted.text(), fitted.font()) <= width);
    }

    @Test
    void shortensAnEndlessTitle() {
        FittedTitle fitted = FittedTitle.of("loss\n".repeat(100), FONT, 300);
        assertTrue(fitted.text().startsWith("loss loss"), fitted.text());
        assertTrue(fitted.text().endsWith("\u2026"), fitted.text());
        assertEquals(11, fitted.font().getSize());
        assertTrue(FittedTitle.width(fitted.text(), fitted.font()) <= 300);
    }
}
