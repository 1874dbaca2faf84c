package org.djlgpt.text;

import org.djlgpt.io.Json;

/**
 * What a {@code tokenizer.json} does to a text before its merges: normalize it, and cut it into
 * words.
 *
 * <p>Only what byte-pair encodings need is let through. Hugging Face's library ends the process on
 * some of the rest, such as a replacement of nothing or a damaged character map.
 *
 * @param isExact whether decoding undoes all of it
 */
record TextPreparation(boolean isExact) {

    /**
     * Checks the parts.
     *
     * @param decoder what turns tokens back into text
     * @throws IllegalArgumentException if one is not supported
     */
    static TextPreparation read(Json json, TokenDecoder decoder) {
        boolean exact = true;
        boolean prepends = false;
        for (Json part : TokenizerJson.parts(json, "normalizer", "normalizers")) {
            exact &= isUndone(part, decoder);
            prepends |= TokenizerJson.isType(part, "Prepend");
        }
        for (Json part : TokenizerJson.parts(json, "pre_tokenizer", "pretokenizers")) {
            exact &= keepsText(part);
        }
        return new TextPreparation(exact && prepends == decoder.stripsSpace());
    }

    private static boolean isUndone(Json normalizer, TokenDecoder decoder) {
        String type = normalizer.require("type").string();
        return switch (type) {
            case "NFC", "NFD", "NFKC", "NFKD" -> false;
            case "Prepend" -> text(normalizer.require("prepend")).equals(decoder.space());
            case "Replace" -> {
                String replaced = text(normalizer.require("pattern").require("String"));
                String content = text(normalizer.require("content"));
                yield replaced.equals(" ") && content.equals(decoder.space());
            }
            default ->
                    throw notSupported(normalizer, type, "NFC, NFD, NFKC, NFKD, Prepend, Replace");
        };
    }

    private static boolean keepsText(Json preTokenizer) {
        String type = preTokenizer.require("type").string();
        return switch (type) {
            case "ByteLevel" -> !TokenizerJson.flag(preTokenizer, "add_prefix_space", true);
            case "Digits", "Punctuation" -> true;
            case "Metaspace" -> {
                text(preTokenizer.require("replacement"));
                yield false;
            }
            case "Split" -> {
                preTokenizer.require("pattern").fields().values().forEach(TextPreparation::text);
                yield !preTokenizer.require("behavior").string().equals("Removed");
            }
            default ->
                    throw notSupported(
                            preTokenizer, type, "ByteLevel, Digits, Metaspace, Punctuation, Split");
        };
    }

    private static String text(Json json) {
        if (json.string().isEmpty()) {
            throw json.malformed("%s is empty", json.place());
        }
        return json.string();
    }

    private static IllegalArgumentException notSupported(Json part, String type, String known) {
        return part.malformed(
                "%s.type is \"%s\", but only %s are supported", part.place(), type, known);
    }
}
