package org.djlgpt.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.djlgpt.testing.Damage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** A damaged tokenizer file is refused, or it is that of another tokenizer. */
class TokenizerDamageTest {

    @TempDir private Path folder;

    @Test
    void characterTokenizersSurviveDamage() throws IOException {
        CharTokenizer.fromText("abc äöü 你好 😀\n\t\"\\").save(folder);

        int refused = damage(folder.resolve(CharTokenizer.FILE), 3000);

        assertTrue(refused > 300 && refused < 3000, refused + " refused");
    }

    @Test
    void aChangedGpt2TokenizerIsRefused() throws IOException {
        new Gpt2Tokenizer().save(folder);
        byte[] vocabulary = Files.readAllBytes(folder.resolve(Gpt2Files.VOCABULARY));

        int refused = damage(folder.resolve(Gpt2Files.VOCABULARY), 20);
        Files.write(folder.resolve(Gpt2Files.VOCABULARY), vocabulary);
        refused += damage(folder.resolve(Gpt2Files.MERGES), 20);

        assertTrue(refused >= 30, refused + " refused");
    }

    private int damage(Path file, int mutants) throws IOException {
        byte[] valid = Files.readAllBytes(file);
        Random random = new Random(1);
        int refused = 0;
        for (int i = 0; i < mutants; i++) {
            Files.delete(file); // some file systems sync one that is truncated and written again
            Files.write(file, Damage.to(valid, random));
            refused += isRefused(file) ? 1 : 0;
        }
        return refused;
    }

    private boolean isRefused(Path file) throws IOException {
        try {
            Tokenizer tokenizer = Tokenizer.load(folder);
            int last = tokenizer.vocabSize() - 1;
            assertEquals(last, tokenizer.encodeWithSpecialTokens(tokenizer.decode(last))[0]);
            return false;
        } catch (IllegalArgumentException e) {
            assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
            return true;
        }
    }
}
