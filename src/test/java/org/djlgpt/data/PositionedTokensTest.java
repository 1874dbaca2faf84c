package org.djlgpt.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;

/** A file that is read by range has the same tokens as one that is mapped. */
class PositionedTokensTest {

    @TempDir private Path folder;
    private long bytesRead;

    @ParameterizedTest
    @ValueSource(ints = {0, 100_000}) // of 16 bits, and of 32 behind a header
    void idsOfBothWidthsAreRead(int first) throws IOException {
        int[] ids = IntStream.range(first, first + 1000).toArray();
        TokenFile mapped = TokenFile.write(folder.resolve("a.bin"), Tokens.of(ids));

        Tokens tokens = TokenFile.open(bytes(folder.resolve("a.bin")), "a.bin");

        assertEquals(1000, tokens.size());
        assertEquals(mapped.sha256(), tokens.sha256());
        int[] some = new int[7];
        tokens.read(993, some);
        assertArrayEquals(Arrays.copyOfRange(ids, 993, 1000), some);
        assertThrows(IllegalArgumentException.class, () -> tokens.read(994, some));
    }

    @Test
    void aPartCostsItsBytesOnly() throws IOException {
        Path file = folder.resolve("a.bin");
        TokenFile.write(file, Tokens.of(new int[500_000]));
        Tokens tokens = TokenFile.open(bytes(file), "a.bin");
        bytesRead = 0;

        tokens.slice(100_000, 200_000).sha256();

        assertEquals(200_000, bytesRead);
    }

    @Test
    void whatIsNoTokenFileIsNamed() throws IOException {
        Path file = Files.write(folder.resolve("odd"), new byte[3]);

        IllegalArgumentException failure =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> TokenFile.open(bytes(file), "hdfs://host/odd"));

        assertEquals(
                "token file hdfs://host/odd has 3 bytes, which is not a positive multiple of 2;"
                        + " write it again",
                failure.getMessage());
    }

    private PositionedBytes bytes(Path file) throws IOException {
        byte[] content = Files.readAllBytes(file);
        return new PositionedBytes() {
            @Override
            public long size() {
                return content.length;
            }

            @Override
            public void read(long position, byte[] into) {
                System.arraycopy(content, (int) position, into, 0, into.length);
                bytesRead += into.length;
            }
        };
    }
}
