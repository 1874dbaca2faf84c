package org.djlgpt.text;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * GPT-2's printable stand-ins for the 256 bytes, in which its vocabulary files are written.
 *
 * <p>A byte that is a printable Latin-1 character stands for itself. The others, in ascending
 * order, are U+0100, U+0101 and so on; the space is U+0120. Source: {@code bytes_to_unicode} of
 * GPT-2's published encoder.
 */
final class ByteAlphabet {

    private static final char[] LETTERS = letters();
    private static final Map<Character, Byte> BYTES = new HashMap<>();

    static {
        for (int value = 0; value < LETTERS.length; value++) {
            BYTES.put(LETTERS[value], (byte) value);
        }
    }

    private ByteAlphabet() {}

    /** Returns the letters in the order of their code points. */
    static List<String> inOrder() {
        return BYTES.keySet().stream().sorted().map(String::valueOf).toList();
    }

    static String spell(byte[] bytes) {
        char[] letters = new char[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            letters[i] = LETTERS[Byte.toUnsignedInt(bytes[i])];
        }
        return new String(letters);
    }

    /** Returns the bytes that letters stand for, or empty if one is not of the alphabet. */
    static Optional<byte[]> bytes(String letters) {
        byte[] bytes = new byte[letters.length()];
        for (int i = 0; i < bytes.length; i++) {
            Byte value = BYTES.get(letters.charAt(i));
            if (value == null) {
                return Optional.empty();
            }
            bytes[i] = value;
        }
        return Optional.of(bytes);
    }

    private static char[] letters() {
        char[] letters = new char[256];
        char next = 256;
        for (char value = 0; value < letters.length; value++) {
            letters[value] = isPrintable(value) ? value : next++;
        }
        return letters;
    }

    private static boolean isPrintable(char value) {
        return value >= '!' && value <= '~' || value >= 0xA1 && value <= 0xFF && value != 0xAD;
    }
}
