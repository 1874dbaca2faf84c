package org.djlgpt.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;

import org.djlgpt.generation.GenerationReport.FinishReason;
import org.djlgpt.testing.HeldArrays;
import org.djlgpt.testing.TinyGpt;
import org.djlgpt.text.CharTokenizer;
import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;

/** Requests of several kinds, one after the other or together, in few places or many. */
@Timeout(60)
class TextServiceTest {

    private static final CharTokenizer CHARACTERS = CharTokenizer.fromText("abcdefgh ");

    private final NDManager manager = ComputeDevice.newManager();

    @AfterEach
    void close() {
        manager.close();
    }

    private TextGenerator generator(int places) {
        int words = CHARACTERS.vocabSize();
        return TextGenerator.builder()
                .setModel(TinyGpt.scrambled(TinyGpt.size(words, 16).build(), 1, manager))
                .setTokenizer(CHARACTERS)
                .setManager(manager)
                .optMaxNewTokens(30)
                .optPlaces(places)
                .build();
    }

    private static List<TextRequest> requests(TextGenerator generator) {
        Random random = new Random(1);
        List<TextRequest> requests = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            requests.add(
                    generator
                            .request("abc".substring(0, 1 + i % 3))
                            .optMaxNewTokens(1 + random.nextInt(40))
                            .optSampler(
                                    i % 4 == 0 ? Sampler.greedy() : Sampler.random().topK(1 + i))
                            .optStopStrings(i % 5 == 0 ? "h" : "never")
                            .optSeed(i)
                            .build());
        }
        return requests;
    }

    @Test
    void aTextDoesNotDependOnItsNeighbours() {
        TextGenerator generator = generator(3);
        List<TextRequest> requests = requests(generator);
        List<String> alone =
                requests.stream().map(one -> text(generator.answer(List.of(one)))).toList();

        List<Continuation> together = generator.answer(requests);

        assertEquals(alone, together.stream().map(Continuation::text).toList());
        assertEquals(
                requests.stream().map(one -> one.prompt().length()).toList(),
                together.stream().map(one -> one.report().promptTokens()).toList());
    }

    @Test
    void whoeverAsksMeanwhileGetsTheSameText() {
        TextGenerator generator = generator(3);
        List<TextRequest> requests = requests(generator);
        List<String> expected =
                generator.answer(requests).stream().map(Continuation::text).toList();
        long before = HeldArrays.inProcess(manager);

        List<StringBuilder> heard = new ArrayList<>();
        List<CompletableFuture<Continuation>> texts = new ArrayList<>();
        try (TextService service = new TextService(generator)) {
            for (TextRequest request : requests) {
                StringBuilder pieces = new StringBuilder();
                heard.add(pieces);
                texts.add(service.submit(request, pieces::append));
            }
            for (int i = 0; i < texts.size(); i++) {
                assertEquals(expected.get(i), texts.get(i).join().text());
                assertEquals(expected.get(i), heard.get(i).toString());
            }
        }

        assertEquals(before, HeldArrays.inProcess(manager));
    }

    @Test
    void aTextSaysWhyItEnded() {
        TextGenerator generator = generator(8);
        TextRequest.Builder request = generator.request("a").optSeed(1);
        int first = CHARACTERS.encode(text(generator.answer(List.of(request.build()))))[0];

        assertEquals(FinishReason.LENGTH, reason(generator, request.build()));
        assertEquals(
                FinishReason.STOP_STRING,
                reason(generator, request.optStopStrings(CHARACTERS.decode(first)).build()));
        Continuation ended = generator.answer(List.of(request.optStopTokens(first).build())).get(0);
        assertEquals(FinishReason.END_OF_TEXT, ended.report().finishReason());
        assertEquals(1, ended.report().newTokens());
        assertEquals("", ended.text());
    }

    private static FinishReason reason(TextGenerator generator, TextRequest request) {
        return generator.answer(List.of(request)).get(0).report().finishReason();
    }

    @Test
    void withoutASeedTextsDiffer() {
        TextGenerator generator = generator(8);

        assertNotEquals(generator.generate("abc"), generator.generate("abc"));
    }

    @Test
    void aSeedIsTheFirstOfSeveralSamples() {
        TextGenerator generator = generator(2);
        TextRequest seeded = generator.request("abc").optSeed(5).build();
        TextRequest next = generator.request("abc").optSeed(6).build();

        assertEquals(
                List.of(
                        text(generator.answer(List.of(seeded))),
                        text(generator.answer(List.of(next)))),
                generator.answer(List.of(seeded, next)).stream().map(Continuation::text).toList());
    }

    @Test
    void aCanceledTextMakesRoomForOthers() throws InterruptedException {
        TextGenerator generator = generator(1);
        TextRequest endless = generator.request("a").optMaxNewTokens(Integer.MAX_VALUE).build();
        CountDownLatch begun = new CountDownLatch(1);

        try (TextService service = new TextService(generator)) {
            CompletableFuture<Continuation> first =
                    service.submit(endless, piece -> begun.countDown());
            CompletableFuture<Continuation> second = service.submit(generator.request("b").build());
            begun.await();
            first.cancel(true);
            assertEquals(30, second.join().report().newTokens());
        }
    }

    @Test
    void aListenerThatFailsEndsItsTextOnly() {
        TextGenerator generator = generator(2);
        try (TextService service = new TextService(generator)) {
            CompletableFuture<Continuation> bad =
                    service.submit(
                            generator.request("a").build(),
                            piece -> {
                                throw new IllegalStateException("gone");
                            });
            CompletableFuture<Continuation> good = service.submit(generator.request("b").build());

            assertThrows(CompletionException.class, bad::join);
            assertEquals(30, good.join().report().newTokens());
        }
    }

    @Test
    void aSamplerThatFailsEndsWhatIsOnItsWayAndNothingElse() {
        TextGenerator generator = generator(2);
        Sampler failing =
                (logits, seen, draw) -> {
                    throw new IllegalStateException("no choice");
                };
        try (TextService service = new TextService(generator)) {
            CompletableFuture<Continuation> bad =
                    service.submit(generator.request("a").optSampler(failing).build());
            assertThrows(CompletionException.class, bad::join);
            assertEquals(
                    30, service.submit(generator.request("b").build()).join().report().newTokens());
        }
    }

    @Test
    void closingEndsTextsWhereTheyAre() throws InterruptedException {
        TextGenerator generator = generator(1);
        TextRequest endless = generator.request("a").optMaxNewTokens(Integer.MAX_VALUE).build();
        CountDownLatch begun = new CountDownLatch(1);
        TextService service = new TextService(generator);
        CompletableFuture<Continuation> running =
                service.submit(endless, piece -> begun.countDown());
        CompletableFuture<Continuation> waiting = service.submit(endless);
        begun.await();

        service.close();

        assertEquals(FinishReason.STOPPED, running.join().report().finishReason());
        assertEquals("", waiting.join().text());
        assertTrue(running.join().report().newTokens() > 0);
        assertThrows(IllegalStateException.class, () -> service.submit(endless));
    }

    @Test
    void aBadRequestIsRefusedWhereItIsMade() {
        TextGenerator generator = generator(2);
        assertThrows(
                IllegalArgumentException.class,
                () -> generator.request("a").optMaxNewTokens(0).build());
        assertThrows(
                IllegalArgumentException.class,
                () -> generator.request("a").optStopStrings("").build());
        assertThrows(IllegalArgumentException.class, () -> generator.answer(List.of()));
        try (TextService service = new TextService(generator)) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> service.submit(generator.request("€").build()));
        }
    }

    private static String text(List<Continuation> one) {
        return one.get(0).text();
    }
}
