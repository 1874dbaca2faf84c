package org.djlgpt.text;

import org.djlgpt.io.Json;

import java.nio.charset.StandardCharsets;

/**
 * The decoder of a {@code tokenizer.json}, as far as it says which bytes a single token stands for.
 *
 * @param byteLevel whether tokens are spelled in the letters of {@link ByteAlphabet}
 * @param byteFallback whether {@code <0x0A>} stands for a byte
 * @param space what stands for a space, or null
 * @param stripsSpace whether a text loses the space that it begins with
 */
record TokenDecoder(boolean byteLevel, boolean byteFallback, String space, boolean stripsSpace) {

    private static final String SUPPORTED =
            "ByteFallback, ByteLevel, Fuse, Metaspace, Replace and Strip";

    /**
     * Reads the parts of a decoder.
     *
     * @throws IllegalArgumentException if one makes the text of a token depend on its neighbours
     */
    static TokenDecoder read(Json json) {
        TokenDecoder decoder = new TokenDecoder(false, false, null, false);
        for (Json part : TokenizerJson.parts(json, "decoders")) {
            decoder = decoder.with(part);
        }
        return decoder;
    }

    private TokenDecoder with(Json part) {
        String type = part.require("type").string();
        return switch (type) {
            case "ByteLevel" -> new TokenDecoder(true, byteFallback, space, stripsSpace);
            case "ByteFallback" -> new TokenDecoder(byteLevel, true, space, stripsSpace);
            case "Fuse" -> this;
            case "Replace" -> {
                requireString(part.require("content"), " ");
                String replaced = part.require("pattern").require("String").string();
                yield new TokenDecoder(byteLevel, byteFallback, replaced, stripsSpace);
            }
            case "Metaspace" ->
                    new TokenDecoder(
                            byteLevel,
                            byteFallback,
                            part.require("replacement").string(),
                            prepends(part));
            case "Strip" -> {
                requireString(part.require("content"), " ");
                part.require("stop").wholeNumber(0);
                boolean strips = part.require("start").wholeNumber(1) == 1;
                yield new TokenDecoder(byteLevel, byteFallback, space, strips);
            }
            default ->
                    throw part.malformed(
                            "%s.type is \"%s\", but only %s are supported",
                            part.place(), type, SUPPORTED);
        };
    }

    private static boolean prepends(Json metaspace) {
        return metaspace
                .field("prepend_scheme")
                .map(scheme -> !scheme.string().equals("never"))
                .orElseGet(() -> TokenizerJson.flag(metaspace, "add_prefix_space", true));
    }

    private static void requireString(Json json, String expected) {
        if (!json.string().equals(expected)) {
            throw json.malformed(
                    "%s is %s, but only \"%s\" is supported", json.place(), json, expected);
        }
    }

    /** Returns what a token of the vocabulary stands for. */
    byte[] bytes(String token) {
        if (byteLevel) {
            return ByteAlphabet.bytes(token).orElseGet(() -> utf8(token));
        }
        if (byteFallback && token.matches("<0x[0-9A-Fa-f]{2}>")) {
            return new byte[] {(byte) Integer.parseInt(token.substring(3, 5), 16)};
        }
        return utf8(space == null ? token : token.replace(space, " "));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
