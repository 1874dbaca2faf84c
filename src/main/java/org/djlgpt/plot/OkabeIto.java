package org.djlgpt.plot;

import java.awt.Color;

/**
 * Eight colors that people with any kind of color vision can tell apart: M. Okabe and K. Ito, <a
 * href="https://jfly.uni-koeln.de/color/">Color Universal Design: how to make figures and
 * presentations that are friendly to colorblind people</a>, 2002.
 */
enum OkabeIto {
    BLACK(0x000000),
    ORANGE(0xE69F00),
    SKY_BLUE(0x56B4E9),
    BLUISH_GREEN(0x009E73),
    YELLOW(0xF0E442),
    BLUE(0x0072B2),
    VERMILLION(0xD55E00),
    REDDISH_PURPLE(0xCC79A7);

    private final Color color;

    OkabeIto(int rgb) {
        color = new Color(rgb);
    }

    Color color() {
        return color;
    }
}
