package org.djlgpt.text;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.Arrays;

/**
 * Hugging Face's tokenizers library, which DJL brings, with the content of one {@code
 * tokenizer.json}. The only class that needs DJL's artifact {@code tokenizers}.
 *
 * <p>Its native memory is freed after the instance has become unreachable, since tokenizers are
 * shared and nobody closes them. Threads may encode at the same time.
 */
final class NativeEncoder {

    private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;
    private static final Cleaner CLEANER = Cleaner.create();

    private final long handle;

    /**
     * Makes an encoder.
     *
     * @throws RuntimeException if the library does not accept the text
     * @throws UnsatisfiedLinkError if there is no library for this platform, or none can be stored
     */
    NativeEncoder(String tokenizerJson) {
        load();
        long created = LIBRARY.createTokenizerFromString(tokenizerJson);
        CLEANER.register(this, () -> LIBRARY.deleteTokenizer(created));
        handle = created;
    }

    /** DJL logs the reason and keeps it from the exception. */
    private static void load() {
        try {
            LibUtils.checkStatus();
        } catch (EngineException e) {
            throw (UnsatisfiedLinkError) new UnsatisfiedLinkError(e.getMessage()).initCause(e);
        }
    }

    /**
     * Returns the ids of a text, none before and none after it.
     *
     * @throws RuntimeException if the library has no ids for it
     */
    int[] encode(String text) {
        try {
            long encoding = LIBRARY.encode(handle, text, false);
            try {
                return Arrays.stream(LIBRARY.getTokenIds(encoding))
                        .mapToInt(Math::toIntExact)
                        .toArray();
            } finally {
                LIBRARY.deleteEncoding(encoding);
            }
        } finally {
            Reference.reachabilityFence(this); // or the handle may be freed while it is used
        }
    }
}
