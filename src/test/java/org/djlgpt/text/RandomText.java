package org.djlgpt.text;

import java.util.Arrays;
import java.util.Random;

/** Random Unicode text for tests: ASCII, accents, scripts, emoji, white space runs, controls. */
final class RandomText {

    private static final int[][] RANGES = {
        {'a', 'z'},
        {' ', '~'},
        {0, 0x1F},
        {0xA0, 0x24F},
        {0x370, 0x5FF},
        {0x2000, 0x206F},
        {0x4E00, 0x9FFF},
        {0xE000, 0xFFFF},
        {0x1F300, 0x1FAFF},
        {0x10000, 0x10FFFF},
    };

    private RandomText() {}

    static String of(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            if (random.nextInt(8) == 0) {
                text.append(" ".repeat(1 + random.nextInt(4)));
            }
            int[] range = RANGES[random.nextInt(RANGES.length)];
            text.appendCodePoint(range[0] + random.nextInt(range[1] - range[0] + 1));
        }
        return text.toString();
    }

    /** Changes, removes or adds a few bytes. */
    static byte[] damage(byte[] bytes, Random random) {
        byte[] damaged = bytes.clone();
        switch (random.nextInt(3)) {
            case 0 -> damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length));
            case 1 -> damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            default ->
                    damaged[random.nextInt(damaged.length)] =
                            (byte) "{}[]\",:0\\".charAt(random.nextInt(9));
        }
        return damaged;
    }
}
