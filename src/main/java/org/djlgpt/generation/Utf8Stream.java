package org.djlgpt.generation;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Turns bytes that come in pieces into text whose pieces end between characters. */
final class Utf8Stream {

    private final Consumer<String> listener;
    private final CharsetDecoder decoder =
            StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPLACE)
                    .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private ByteBuffer rest = ByteBuffer.allocate(0);

    Utf8Stream(Consumer<String> listener) {
        this.listener = listener;
    }

    void write(byte[] bytes) {
        rest = ByteBuffer.allocate(rest.remaining() + bytes.length).put(rest).put(bytes).flip();
        decode(false);
    }

    /** Hands out what is left; an unfinished character becomes U+FFFD. */
    void finish() {
        decode(true);
    }

    private void decode(boolean end) {
        CharBuffer text = CharBuffer.allocate(rest.remaining() + 2);
        decoder.decode(rest, text, end);
        if (end) {
            decoder.flush(text);
        }
        text.flip();
        if (text.hasRemaining()) {
            listener.accept(text.toString());
        }
    }
}
