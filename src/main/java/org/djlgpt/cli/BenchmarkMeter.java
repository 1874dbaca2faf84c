package org.djlgpt.cli;

import me.tongfei.progressbar.ProgressBar;

import org.djlgpt.bench.BenchmarkListener;

/** Reports a benchmark on a terminal: a bar with the rows done, time left and the row at work. */
final class BenchmarkMeter implements BenchmarkListener, AutoCloseable {

    private final ProgressBar bar;

    BenchmarkMeter(Output out) {
        bar = new BottomLine(out).bar("measuring").setUpdateIntervalMillis(500).build();
    }

    @Override
    public void onProgress(int done, int count, String row) {
        bar.maxHint(count);
        bar.stepTo(done);
        bar.setExtraMessage(" " + row);
    }

    @Override
    public void close() {
        bar.close();
    }
}
