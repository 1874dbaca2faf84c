package org.djlgpt.bench;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;

import org.djlgpt.io.AtomicFile;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

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
    private final Results results;

    BenchmarkReport(Effort effort, Suite suite, Results results) {
        this.effort = effort;
        this.suite = suite;
        this.results = results;
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
        boolean complete = suite.cases().stream().allMatch(results::has);
        return quick + suite.text(results) + (complete ? EXPLANATION : "");
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
        json.add("machine", gson.toJsonTree(results.machine()));
        json.add("rows", gson.toJsonTree(results.all()));
        return gson.toJson(json);
    }
}
