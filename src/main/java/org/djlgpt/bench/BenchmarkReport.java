package org.djlgpt.bench;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;

import org.djlgpt.io.AtomicFile;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What a benchmark measured, to read or to keep. */
public final class BenchmarkReport {

    private static final String EXPLANATION =
"""
Every row runs in a process of its own. Times are medians, limits the best of several runs.
Ratios are to the first row, above 1 is faster; peak MiB is the most memory resident.
* as DJL runs by itself, without the native settings above. The oracle computes with DJL's
  operators, gradient collector and AdamW; our blocks close what they no longer need there
  too. The product limit is that of the row's type, the work 6 * parameters * tokens.
""";

    private final Effort effort;
    private final Suite suite;
    private final Machine machine;
    private final Map<String, Outcome> outcomes = new LinkedHashMap<>();

    BenchmarkReport(Effort effort, Suite suite, Machine machine) {
        this.effort = effort;
        this.suite = suite;
        this.machine = machine;
    }

    /** Returns the machine as it was before the first case. */
    Machine machine() {
        return machine;
    }

    void add(Case work, Outcome outcome) {
        outcomes.put(work.id(), outcome);
    }

    /** Returns the outcome of a case; a failed one if it did not run. */
    Outcome of(Case work) {
        return outcomes.getOrDefault(work.id(), Outcome.failed(work, "did not run"));
    }

    /**
     * Returns the tables in plain text of at most 100 columns, as far as they are measured: what
     * comes later is added at the end.
     *
     * @return the text, its last line ended
     */
    public String text() {
        String quick =
                effort == Effort.QUICK
                        ? "Quick: smaller sizes and few repetitions; not the figures to quote.\n\n"
                        : "";
        StringBuilder text = new StringBuilder(quick);
        for (Section section : suite.sections()) {
            for (Case row : section.cases()) {
                if (outcomes.containsKey(row.id())) {
                    text.append(section.text(row, this));
                }
            }
        }
        boolean complete = suite.cases().stream().map(Case::id).allMatch(outcomes::containsKey);
        return text.append(complete ? EXPLANATION : "").toString();
    }

    /**
     * Writes all measured rows with every sample as JSON: the effort, the machine, and for each row
     * the section, the name, the native settings, the samples of each phase in milliseconds with
     * the peak memory in bytes (0 where unknown), or the error.
     *
     * @param file the file to create or replace
     * @throws IOException if it can't be written; what was there is unchanged then
     */
    public void writeJson(Path file) throws IOException {
        byte[] bytes = (json() + "\n").getBytes(StandardCharsets.UTF_8);
        AtomicFile.writeStream(file, out -> out.write(bytes));
    }

    String json() {
        Gson gson =
                new GsonBuilder()
                        .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
                        .setPrettyPrinting()
                        .create();
        JsonObject json = new JsonObject();
        json.addProperty("effort", effort.name().toLowerCase(Locale.ROOT));
        json.add("machine", gson.toJsonTree(machine));
        json.add("rows", gson.toJsonTree(outcomes.values()));
        return gson.toJson(json);
    }
}
