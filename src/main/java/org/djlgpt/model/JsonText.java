package org.djlgpt.model;

import ai.djl.MalformedModelException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The text of a JSON file of a model folder. */
final class JsonText {

    /** In bytes; the index of a model with a thousand layers has a tenth of it. */
    private static final int MAX_LENGTH = 10_000_000;

    private JsonText() {}

    /** Reads a file of a sensible size in strict UTF-8. */
    static String read(Path file) throws IOException, MalformedModelException {
        long size = Files.size(file);
        if (size > MAX_LENGTH) {
            throw new MalformedModelException(
                    "%s: has %d bytes, the limit is %d; is it a JSON file?"
                            .formatted(file, size, MAX_LENGTH));
        }
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedModelException(file + ": is no text in UTF-8", e);
        }
    }
}
