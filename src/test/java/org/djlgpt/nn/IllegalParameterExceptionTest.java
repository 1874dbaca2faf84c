package org.djlgpt.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class IllegalParameterExceptionTest {

    @Test
    void whoeverHasOtherNamesPutsThemIn() {
        IllegalParameterException illegal =
                assertThrows(
                        IllegalParameterException.class,
                        () -> Checks.requireDivisible(5, "width", 64));

        assertEquals("numHeads=5 must divide width=64; use numHeads=4 or 8", illegal.getMessage());
        assertEquals(
                "--heads=5 must divide width=64; use --heads=4 or 8",
                illegal.message(name -> name.equals("numHeads") ? "--heads" : name));
    }

    @Test
    void namesMayBeWordsAndHoldAnything() {
        IllegalParameterException illegal =
                assertThrows(
                        IllegalParameterException.class,
                        () -> Checks.requirePositive("the number of prompts", 0));

        assertEquals(
                "the number of prompts=0 must be at least 1; set the number of prompts",
                illegal.getMessage());
        assertEquals("$1{x}\\=0 must be at least 1; set $1{x}\\", illegal.message(n -> "$1{x}\\"));
    }
}
