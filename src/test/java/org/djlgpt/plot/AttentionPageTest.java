package org.djlgpt.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import com.google.gson.Gson;

import org.djlgpt.torch.ComputeDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the page does in a browser is not tested here. */
class AttentionPageTest {

    private static final Pattern DATA =
            Pattern.compile(
                    "<script type=\"application/json\" id=\"data\">(.*?)</script>", Pattern.DOTALL);

    @TempDir Path directory;
    private NDManager manager;
    private NDArray weights;

    @BeforeEach
    void createWeights() {
        manager = ComputeDevice.newManager();
        weights =
                manager.create(
                        new float[] {1, 0, 0.25f, 0.75f, 1, 0, 0.00004f, 0.99996f},
                        new Shape(1, 2, 2, 2));
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void thePageHoldsItsTokensAndWeights() {
        AttentionPage.Data data =
                data(page(List.of(weights, weights), " be", "\n").optTitle("T").build().html());
        assertEquals("T", data.title());
        assertEquals(List.of("\u2423be", "\u23CE"), data.tokens());
        assertEquals("[[10000],[2500,7500]]", new Gson().toJson(data.weights().get(1).get(0)));
        assertEquals("[[10000],[0,10000]]", new Gson().toJson(data.weights().get(0).get(1)));
        assertEquals("#1f1d54", data.light().get(data.light().size() - 1).get(0));
        assertEquals("#1f1d54", data.dark().get(0).get(0));
        assertEquals(List.of("#f7f8d4", "#000000"), data.light().get(0));
    }

    @Test
    void thePageAsksTheNetworkForNothing() {
        String html = page(List.of(weights), "a", "b").build().html();
        assertFalse(html.contains("http:") || html.contains("https:"), "an address");
        assertFalse(Pattern.compile("\\s(src|href)=|@import|url\\(|fetch\\(").matcher(html).find());
        assertTrue(html.contains("default-src 'none'"));
        assertFalse(html.contains("{{"), "a placeholder that is not filled");
    }

    @Test
    void hostileTextStaysText() {
        String hostile = "</script><script>alert(1)</script><!--{{data}}";
        String html = page(List.of(weights), hostile, "\u2028'\"").optTitle(hostile).build().html();
        assertFalse(html.contains("alert(1)</"), "text became a script");
        assertFalse(html.contains("<!--"), "text became a comment");
        assertEquals(2, html.split("</script>", -1).length - 1);
        AttentionPage.Data data = data(html);
        assertEquals(hostile, data.title());
        assertEquals(List.of(hostile, "U+2028'\""), data.tokens());
    }

    @Test
    void thePageFollowsTheBrowserUnlessItIsTold() {
        AttentionPage.Builder builder = page(List.of(weights), "a", "b");
        assertTrue(builder.build().html().contains("color-scheme: light dark\""));
        assertTrue(
                builder.optTheme(PlotTheme.DARK).build().html().contains("color-scheme: dark\""));
    }

    @Test
    void savesWhatItShows() throws IOException {
        AttentionPage page = page(List.of(weights), "a", "\u4E16").build();
        Path file = directory.resolve("page.html");
        page.save(file);
        assertEquals(page.html(), Files.readString(file));
    }

    @Test
    void refusesWhatItCannotShow() {
        assertRefused(AttentionPage.builder().setTokens(List.of("a")), "call setWeights");
        assertRefused(AttentionPage.builder().setWeights(List.of(weights)), "setTokens");
        assertRefused(page(List.of(weights), "a"), "1 tokens but weights for 2");
        NDArray large = manager.zeros(new Shape(11, 1000, 1000));
        AttentionPage.Builder long1000 =
                AttentionPage.builder()
                        .setWeights(List.of(large))
                        .setTokens(Collections.nCopies(1000, "t"));
        assertRefused(long1000, "11,000,000 weights of 1,000 tokens are more than the 10,000,000");
    }

    private static void assertRefused(AttentionPage.Builder builder, String reason) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, builder::build);
        assertTrue(e.getMessage().contains(reason), e.getMessage());
    }

    private static AttentionPage.Builder page(List<NDArray> layers, String... tokens) {
        return AttentionPage.builder().setWeights(layers).setTokens(List.of(tokens));
    }

    private static AttentionPage.Data data(String html) {
        Matcher data = DATA.matcher(html);
        assertTrue(data.find());
        return new Gson().fromJson(data.group(1), AttentionPage.Data.class);
    }
}
