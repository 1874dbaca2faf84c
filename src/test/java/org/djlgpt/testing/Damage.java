package org.djlgpt.testing;

import java.util.Arrays;
import java.util.Random;

/** Accidents that befall files. */
public final class Damage {

    private static final String SYNTAX = "0123456789{}[],:\"";

    private Damage() {}

    /** Flips up to two bits, then cuts the end, drops a few bytes, or writes another character. */
    public static byte[] to(byte[] valid, Random random) {
        byte[] bytes = valid.clone();
        for (int flips = random.nextInt(3); flips > 0; flips--) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        int position = random.nextInt(bytes.length);
        switch (random.nextInt(4)) {
            case 0 -> bytes = Arrays.copyOf(bytes, position);
            case 1 -> {
                int end = Math.min(bytes.length, position + 1 + random.nextInt(4));
                System.arraycopy(bytes, end, bytes, position, bytes.length - end);
                bytes = Arrays.copyOf(bytes, bytes.length - (end - position));
            }
            case 2 -> bytes[position] = (byte) SYNTAX.charAt(random.nextInt(SYNTAX.length()));
            default -> {}
        }
        return bytes;
    }
}
