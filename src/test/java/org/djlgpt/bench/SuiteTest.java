package org.djlgpt.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonObject;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;

class SuiteTest {

    private static final Machine MACHINE = new Machine("system", "processor", "software", 2.5);
    private static final String FAILED = "    failed: ended with exit code 3: out of luck";
    private static final String LONG = "no memory for a very, very large array".repeat(5);

    @ParameterizedTest
    @EnumSource
    void everyCaseIsFoundByItsId(Effort effort) {
        Suite suite = Suite.of(effort);
        List<String> ids = suite.cases().stream().map(Case::id).toList();
        assertEquals(ids.size(), new HashSet<>(ids).size());
        ids.forEach(id -> assertEquals(id, suite.find(id).id()));
        assertThrows(IllegalArgumentException.class, () -> suite.find("none"));
    }

    @ParameterizedTest
    @EnumSource
    void tablesAreAsciiOfAtMost100Columns(Effort effort) {
        for (BenchmarkReport report : List.of(measured(effort), failed(effort), empty(effort))) {
            for (String line : report.text().lines().toList()) {
                assertTrue(line.length() <= 100, line);
                assertTrue(line.chars().allMatch(c -> c >= ' ' && c <= '~'), line);
            }
        }
    }

    @Test
    void figuresAreMediansRatiosAndShares() {
        Suite suite = Suite.of(Effort.FULL);
        BenchmarkReport report = measured(Effort.FULL);
        Case oracle = suite.find("GPT-2: oracle *");
        report.add(oracle, outcome(oracle, 4000, 4000, 4000));
        String text = report.text();
        String row = text.lines().filter(l -> l.startsWith("  oracle *")).findFirst().orElseThrow();
        assertEquals(
                "oracle * 256 4,000.0 1.0x 1,024 100 % 11 %", row.strip().replaceAll(" +", " "));
        String fast = text.lines().filter(l -> l.startsWith("  float32  ")).toList().get(1);
        assertEquals(
                "float32 51,200 20.0 200.0x 1,024 100 % 2225 %",
                fast.strip().replaceAll(" +", " "));
    }

    @Test
    void aLlamaIsComparedByWhatAParameterCosts() {
        Suite suite = Suite.of(Effort.FULL);
        BenchmarkReport report = measured(Effort.FULL);
        double attention = 2 * 768 * 768 + 2 * 768 * 256;
        double layer = attention + 3 * 768 * 2432 + 2 * 768;
        double parameters = 50257 * 768 + 12 * layer + 768;
        double size = parameters / 124_439_808; // GPT-2's
        assertEquals(1, size, 0.01);
        for (String row : List.of("GPT-2: float32", "generation: float32")) {
            report.add(suite.find(row), outcome(suite.find(row), 20_000));
        }
        List<String> rows =
                report.text().lines().filter(line -> line.startsWith("  float32  ")).toList();
        String thousandTimes = String.format(Locale.ROOT, "%.1fx", 1000 * size);
        assertEquals(thousandTimes, rows.get(2).strip().split(" +")[3]);
        assertTrue(report.text().contains("Writing with Llama 124M"), report.text());
    }

    @Test
    void aFailureIsARowWithItsReason() {
        String text = failed(Effort.QUICK).text();
        List<String> lines = text.lines().toList();
        List<String> row = lines.stream().filter(l -> l.startsWith("  fused float32")).toList();
        assertEquals(1, row.size());
        assertEquals("fused float32 - - - - -", row.get(0).strip().replaceAll(" +", " "));
        assertTrue(
                lines.get(lines.indexOf(row.get(0)) + 1).startsWith("    failed: no memory"), text);
        assertTrue(text.startsWith("Quick:"), text);
        assertTrue(text.contains("load 2.5 at the start"), text);
    }

    @Test
    void eachRowIsAddedAtTheEnd() {
        Suite suite = Suite.of(Effort.QUICK);
        BenchmarkReport all = measured(Effort.QUICK);
        BenchmarkReport report = empty(Effort.QUICK);
        for (Case work : suite.cases()) {
            String before = report.text();
            report.add(work, all.of(work));
            assertTrue(report.text().startsWith(before), work.id());
            assertTrue(report.text().length() > before.length(), work.id());
        }
        assertTrue(report.text().contains("Every row runs in a process of its own"));
    }

    @Test
    void aRowIsSelectedByItsNameAndSeveralByAPartOfTheirs() {
        Suite suite = Suite.of(Effort.FULL);
        assertEquals(List.of("GPT-2: float32"), ids(suite.only(List.of("GPT-2: float32"))));
        assertEquals(
                List.of("generation: float32"), ids(suite.only(List.of("generation: float32"))));
        assertEquals(
                List.of("machine: limits", "GPT-2: oracle *", "GPT-2: float32", "GPT-2: bfloat16"),
                ids(suite.only(List.of("GPT-2", "machine"))));
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class, () -> suite.only(List.of("GPT-2", "x86")));
        assertTrue(refused.getMessage().contains("'x86'"), refused.getMessage());
        assertTrue(refused.getMessage().contains("GPT-2, Llama, LoRA"), refused.getMessage());
    }

    @Test
    void aSelectedRowHasItsHeadAndNoRatioToARowLeftOut() {
        Suite suite = Suite.of(Effort.FULL).only(List.of("GPT-2: float32"));
        BenchmarkReport report = new BenchmarkReport(Effort.FULL, suite, MACHINE);
        suite.cases().forEach(work -> report.add(work, outcome(work, 10, 30, 20)));
        List<String> lines = report.text().lines().toList();
        assertTrue(lines.get(0).startsWith("Training step, GPT-2 124M"), lines.get(0));
        assertEquals("float32 51,200 20.0 - 1,024 - -", lines.get(2).strip().replaceAll(" +", " "));
    }

    private static List<String> ids(Suite suite) {
        return suite.cases().stream().map(Case::id).toList();
    }

    @Test
    void theListenerHasEachRowBeforeTheNextIsMeasured() throws Exception {
        Suite suite = new Suite(List.of(AttentionSection.core(Effort.QUICK)));
        WorkerProcess failing =
                new WorkerProcess(
                        WorkerProcess.classPath(SuiteTest.class.getClassLoader()),
                        WorkerProcessTest.Failing.class.getName(),
                        Map.of(),
                        60);
        List<String> heard = new ArrayList<>();
        new Benchmark(Effort.FULL, suite, failing)
                .run(
                        new BenchmarkListener() {
                            @Override
                            public void onProgress(int done, int count, String row) {
                                heard.add(row);
                            }

                            @Override
                            public void onRow(BenchmarkReport soFar) {
                                long failed = soFar.text().lines().filter(FAILED::equals).count();
                                heard.add(failed + " rows");
                            }
                        });
        assertEquals(
                List.of(
                        "attention: explicit *", "1 rows",
                        "attention: explicit", "2 rows",
                        "attention: fused float32", "3 rows",
                        "attention: fused bfloat16", "4 rows"),
                heard);
    }

    @Test
    void jsonHoldsEverySample(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("bench.json");
        measured(Effort.QUICK).writeJson(file);
        JsonObject json = new Gson().fromJson(Files.readString(file), JsonObject.class);
        assertEquals("quick", json.get("effort").getAsString());
        assertTrue(json.getAsJsonObject("machine").has("processor"));
        assertEquals(Suite.of(Effort.QUICK).cases().size(), json.getAsJsonArray("rows").size());
        JsonObject row = json.getAsJsonArray("rows").get(1).getAsJsonObject();
        assertEquals("attention", row.get("section").getAsString());
        assertEquals("explicit *", row.get("row").getAsString());
        JsonObject samples = row.getAsJsonArray("samples").get(0).getAsJsonObject();
        assertEquals(List.of("phase", "milliseconds", "peak_bytes"), List.copyOf(samples.keySet()));
        assertEquals(3, samples.getAsJsonArray("milliseconds").size());
    }

    private static BenchmarkReport measured(Effort effort) {
        BenchmarkReport report = empty(effort);
        Suite.of(effort).cases().forEach(work -> report.add(work, outcome(work, 10, 30, 20)));
        return report;
    }

    private static BenchmarkReport failed(Effort effort) {
        BenchmarkReport report = empty(effort);
        Suite.of(effort).cases().forEach(work -> report.add(work, Outcome.failed(work, LONG)));
        return report;
    }

    private static BenchmarkReport empty(Effort effort) {
        return new BenchmarkReport(effort, Suite.of(effort), MACHINE);
    }

    private static Outcome outcome(Case work, double... milliseconds) {
        List<Outcome.Samples> samples =
                List.of(
                                Differentiable.FORWARD,
                                Differentiable.BOTH,
                                Training.STEP,
                                MachineSection.FLOAT32,
                                MachineSection.BFLOAT16,
                                MachineSection.READ,
                                GenerationSection.Writing.PROMPT,
                                GenerationSection.Writing.EARLY,
                                GenerationSection.Writing.TOKEN,
                                TextSection.TEXT)
                        .stream()
                        .map(phase -> new Outcome.Samples(phase, milliseconds, 1L << 30))
                        .toList();
        return new Outcome(
                work.section(), work.name(), "engine", "settings", "a remark", samples, null);
    }
}
