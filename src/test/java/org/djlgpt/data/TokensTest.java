package org.djlgpt.data;

import static org.djlgpt.testing.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

class TokensTest {

    @TempDir private Path folder;

    @Test
    void idsOf32BitsAreToldApart() throws IOException {
        ByteBuffer ints = ByteBuffer.allocate(400).order(ByteOrder.LITTLE_ENDIAN);
        IntStream.range(0, 100).forEach(i -> ints.putInt(7 * i));
        Path file = Files.write(folder.resolve("ints.bin"), ints.array());

        assertRefused(() -> TokenFile.open(file), "ints.bin", "32 bits", "uint16");
    }

    @Test
    void theHeaderOfLlmcIsNoText() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(1024 + 6).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(20240520).putInt(1).putInt(3).position(1024);
        bytes.putShort((short) 50256).putShort((short) 11).putShort((short) 262);
        Path file = Files.write(folder.resolve("fineweb.bin"), bytes.array());

        TokenFile tokens = TokenFile.open(file);
        int[] ids = new int[3];
        tokens.read(0, ids);

        assertEquals(3, tokens.size());
        assertArrayEquals(new int[] {50256, 11, 262}, ids);

        bytes.putInt(8, 4);
        Path cut = Files.write(folder.resolve("cut.bin"), bytes.array());
        assertRefused(() -> TokenFile.open(cut), "cut.bin says that it has 4 tokens");
    }

    /** As numpy wrote it, see corpus_fixture.py. */
    private static final int[] LLAMA3_IDS = {128000, 9906, 0, 65535, 65536, 128255};

    @Test
    void idsOf32BitsHaveLlmcsOtherHeader() throws Exception {
        Path file = Path.of(TokensTest.class.getResource("llama3.bin").toURI());

        TokenFile tokens = TokenFile.open(file);
        assertArrayEquals(LLAMA3_IDS, read(tokens, 0, 6));
        assertArrayEquals(new int[] {65535, 65536}, read(TokenFile.open(file, 8), 3, 2));

        TokenFile.write(folder.resolve("ours.bin"), Tokens.of(LLAMA3_IDS));
        assertEquals(-1, Files.mismatch(file, folder.resolve("ours.bin")));
        byte[] negative = Files.readAllBytes(file);
        negative[negative.length - 1] = -1;
        Path damaged = Files.write(folder.resolve("damaged.bin"), negative);
        assertRefused(
                () -> read(TokenFile.open(damaged), 0, 6), "id=4278318335 at position 5 is larger");
    }

    @Test
    void idsBecomeWideWhenOneNeedsIt() throws IOException {
        for (int size : new int[] {1, 70_000, 200_000}) {
            int[] small = new Random(size).ints(size, 0, 65536).toArray();
            int[] large = {65536, 3};

            TokenFile tokens =
                    TokenFile.write(folder.resolve("wide.bin"), List.of(small, large, small));

            assertEquals(2L * size + 2, tokens.size());
            assertEquals(1024 + 4 * tokens.size(), Files.size(folder.resolve("wide.bin")));
            assertArrayEquals(small, read(tokens, 0, size));
            assertArrayEquals(large, read(tokens, size, 2));
            assertArrayEquals(small, read(tokens, size + 2, size));
        }
    }

    @Test
    void theEndGoesIntoAFileOfItsOwn() throws IOException {
        int[] ids = new Random(4).ints(1003, 0, 65536).toArray();
        for (int larger : new int[] {0, 65536}) {
            ids[7] += larger;
            Path training = folder.resolve("train.bin");
            Path heldOut = folder.resolve("val.bin");

            Tokens.Split files = TokenFile.write(training, heldOut, 0.25, Tokens.of(ids).chunks());
            Tokens.Split expected = Tokens.of(ids).holdOut(0.25);

            assertEquals(250, files.heldOut().size());
            assertEquals(expected.training().sha256(), files.training().sha256());
            assertEquals(expected.heldOut().sha256(), files.heldOut().sha256());
        }
        assertRefused(
                () ->
                        TokenFile.write(
                                folder.resolve("a"), folder.resolve("b"), 0.1, List.of(new int[9])),
                "0 tokens to write to",
                "b;");
        assertFalse(Files.exists(folder.resolve("a")));
    }

    @Test
    void tokensAreJoinedInOrder() {
        Tokens joined =
                Tokens.join(
                        List.of(Tokens.of(1, 2, 3), Tokens.of(), Tokens.of(4), Tokens.of(5, 6)));

        assertEquals(6, joined.size());
        for (int from = 0; from <= 6; from++) {
            for (int to = from; to <= 6; to++) {
                assertArrayEquals(
                        IntStream.range(from + 1, to + 1).toArray(), read(joined, from, to - from));
            }
        }
        assertTrue(rejected(() -> read(joined, 5, 2)).contains("within 6 tokens"));
    }

    @Test
    void aShareOfTheEndIsHeldOut() {
        Tokens tokens = Tokens.of(IntStream.range(0, 10).toArray());

        assertEquals(3, tokens.holdOut(0.35).heldOut().size());
        assertEquals(0, tokens.holdOut(0).heldOut().size());
        assertEquals(0, tokens.holdOut(1).training().size());
        assertTrue(rejected(() -> tokens.holdOut(1.1)).contains("share=1.1 must lie in [0, 1]"));
        assertTrue(rejected(() -> tokens.holdOut(Double.NaN)).contains("share=NaN"));
    }

    @Test
    void theLastTenthIsHeldOut() {
        for (int size : new int[] {0, 9, 10, 19, 100}) {
            Tokens tokens = Tokens.of(IntStream.range(0, size).toArray());

            Tokens.Split split = tokens.holdOutTenth();

            int held = size / 10;
            assertArrayEquals(
                    IntStream.range(0, size - held).toArray(),
                    read(split.training(), 0, size - held));
            assertArrayEquals(
                    IntStream.range(size - held, size).toArray(), read(split.heldOut(), 0, held));
        }
    }

    @Test
    void tokensInMemoryAreACopy() {
        int[] ids = {3, 1, 4, 1, 5};
        Tokens tokens = Tokens.of(ids);
        ids[0] = 9;

        assertEquals(5, tokens.size());
        assertArrayEquals(new int[] {3, 1, 4, 1, 5}, read(tokens, 0, 5));
        assertTrue(rejected(() -> Tokens.of(1, -2)).contains("id=-2 at position 1"));
    }

    @Test
    void aSliceSharesTheTokensOfTheWhole() {
        Tokens tokens = Tokens.of(IntStream.range(0, 100).toArray());
        Tokens end = tokens.slice(90, 100);

        assertEquals(10, end.size());
        assertArrayEquals(new int[] {97, 98}, read(end, 7, 2));
        assertArrayEquals(new int[] {93, 94}, read(end.slice(2, 5), 1, 2));
        assertEquals(0, tokens.slice(100, 100).size());
    }

    @Test
    void positionsOutsideTheTokensAreRefused() {
        Tokens tokens = Tokens.of(1, 2, 3);

        assertTrue(rejected(() -> read(tokens, 2, 2)).contains("within 3 tokens"));
        assertTrue(rejected(() -> read(tokens, -1, 2)).contains("from=-1"));
        assertTrue(rejected(() -> read(tokens, Long.MAX_VALUE, 2)).contains("within 3 tokens"));
        assertTrue(rejected(() -> read(tokens.slice(0, 2), 1, 2)).contains("within 2 tokens"));
        assertTrue(rejected(() -> tokens.slice(2, 1)).contains("from=2 to=1"));
        assertTrue(rejected(() -> tokens.slice(0, 4)).contains("to=4"));
    }

    @Test
    void theLargestIdIsFoundInMemoryInAFileAndInAPart() throws IOException {
        int[] ids = new int[200_000];
        ids[150_000] = 65535;
        ids[199_999] = 7;
        Tokens tokens = Tokens.of(ids);

        assertEquals(65535, tokens.maxId());
        assertEquals(7, tokens.slice(150_001, 200_000).maxId());
        assertEquals(65535, TokenFile.write(folder.resolve("max.bin"), tokens).maxId());
        assertEquals(-1, Tokens.of().maxId());
    }

    @Test
    void anIdThatTheModelLacksIsFoundWithItsPosition() {
        int[] ids = new int[200_000];
        ids[150_000] = 65;
        Tokens tokens = Tokens.of(ids);

        assertDoesNotThrow(() -> tokens.requireIdsBelow(66));
        assertDoesNotThrow(() -> tokens.slice(0, 150_000).requireIdsBelow(1));
        String message = rejected(() -> tokens.requireIdsBelow(65));
        assertTrue(message.contains("id=65 at position 150000"), message);
        assertTrue(message.contains("vocabSize=65"), message);
    }

    @Test
    void aTokenFileIsUnsignedLittleEndian() throws IOException {
        Path file = folder.resolve("train.bin");

        TokenFile tokens = TokenFile.write(file, Tokens.of(1, 0x0203, 50256, 65535));

        assertArrayEquals(
                new byte[] {1, 0, 3, 2, 0x50, (byte) 0xC4, -1, -1}, Files.readAllBytes(file));
        assertEquals(4, tokens.size());
        assertArrayEquals(new int[] {1, 0x0203, 50256, 65535}, read(tokens, 0, 4));
    }

    @Test
    void readsCrossTheBordersOfMappedSegments() throws IOException {
        int[] ids = new Random(3).ints(1001, 0, 65536).toArray();
        Path file = folder.resolve("train.bin");
        TokenFile.write(file, Tokens.of(ids));
        for (int segmentBytes : new int[] {2, 6, 64, 1000, 2002, 4096}) {
            TokenFile tokens = TokenFile.open(file, segmentBytes);

            assertEquals(1001, tokens.size());
            assertArrayEquals(ids, read(tokens, 0, 1001));
            for (int from = 0; from < 1001; from += 77) {
                int[] expected =
                        IntStream.range(from, Math.min(from + 50, 1001)).map(i -> ids[i]).toArray();
                assertArrayEquals(expected, read(tokens, from, expected.length));
            }
            assertTrue(rejected(() -> read(tokens, 1000, 2)).contains("1001 tokens"));
        }
    }

    @Test
    void piecesAreWrittenOneAfterTheOther() throws IOException {
        Path file = folder.resolve("train.bin");

        Tokens tokens =
                TokenFile.write(file, List.of(new int[] {1, 2}, new int[] {}, new int[] {3}));

        assertArrayEquals(new int[] {1, 2, 3}, read(tokens, 0, 3));
    }

    @Test
    void whatDoesNotFitIsRefusedAndLeavesTheOldFile() throws IOException {
        Path file = folder.resolve("train.bin");
        TokenFile.write(file, Tokens.of(7));

        List<int[]> negative = List.of(new int[] {1}, new int[] {2, -3});
        assertTrue(rejected(() -> TokenFile.write(file, negative)).contains("id=-3 at position 2"));
        assertTrue(rejected(() -> TokenFile.write(file, Tokens.of())).contains("0 tokens"));

        assertArrayEquals(new int[] {7}, read(TokenFile.open(file), 0, 1));
        try (var files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void whatIsNoTokenFileIsRefusedByName() throws IOException {
        Path odd = Files.write(folder.resolve("odd.bin"), new byte[] {1, 2, 3});
        Path empty = Files.createFile(folder.resolve("empty.bin"));
        Path missing = folder.resolve("missing.bin");

        assertTrue(rejected(() -> TokenFile.open(odd)).contains("odd.bin has 3 bytes"));
        assertTrue(rejected(() -> TokenFile.open(empty)).contains("empty.bin has 0 bytes"));
        assertTrue(rejected(() -> TokenFile.open(missing)).contains("missing.bin does not exist"));
        assertTrue(rejected(() -> TokenFile.open(folder)).contains("is not a file"));
        assertFalse(Files.exists(missing));
    }

    private static int[] read(Tokens tokens, long from, int count) {
        int[] ids = new int[count];
        tokens.read(from, ids);
        return ids;
    }

    private static String rejected(Executable call) {
        return assertThrows(IllegalArgumentException.class, call).getMessage();
    }
}
