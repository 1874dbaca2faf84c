package org.djlgpt.text;

/**
 * GPT-2's printable stand-ins for the 256 bytes, in which its vocabulary files are written.
 *
 * <p>A byte that is a printable Latin-1 character stands for itself. The others, in ascending
 * order, are U+0100, U+0101 and so on; the space is U+0120. Source: {@code bytes_to_unicode} of
 * GPT-2's published encoder.
 */
final class ByteAlphabet {

    private static final char[] LETTERS = letters();

    private ByteAlphabet() {}

    static String spell(byte[] bytes) {
        char[] letters = new char[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            letters[i] = LETTERS[Byte.toUnsignedInt(bytes[i])];
        }
        return new String(letters);
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
