package org.djlgpt.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

class Utf8StreamTest {

    private static final String TEXT = "naïve 你好 😀👩‍👩‍👧 end";

    private final List<String> pieces = new ArrayList<>();
    private final Utf8Stream stream = new Utf8Stream(pieces::add);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 100})
    void piecesOfBytesOfAnyLengthBecomeWholeCharacters(int length) {
        byte[] bytes = TEXT.getBytes(StandardCharsets.UTF_8);

        for (int from = 0; from < bytes.length; from += length) {
            stream.write(Arrays.copyOfRange(bytes, from, Math.min(from + length, bytes.length)));
        }
        stream.finish();

        assertEquals(TEXT, String.join("", pieces));
        for (String piece : pieces) {
            assertEquals(
                    piece,
                    new String(piece.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
        }
    }

    @Test
    void nothingWaitsOnceACharacterIsComplete() {
        byte[] smile = "😀".getBytes(StandardCharsets.UTF_8);

        stream.write(Arrays.copyOf(smile, 3));
        assertEquals(List.of(), pieces);
        stream.write(Arrays.copyOfRange(smile, 3, 4));

        assertEquals(List.of("😀"), pieces);
    }

    @Test
    void anUnfinishedCharacterAtTheEndShowsAsOne() {
        stream.write(new byte[] {'a', (byte) 0xF0, (byte) 0x9F});
        stream.finish();

        assertEquals("a\uFFFD", String.join("", pieces));
    }

    @Test
    void bytesThatAreNoTextShowAsSuch() {
        stream.write(new byte[] {(byte) 0xFF, 'a', (byte) 0xC3, 'b'});
        stream.finish();

        assertEquals("\uFFFDa\uFFFDb", String.join("", pieces));
    }
}
