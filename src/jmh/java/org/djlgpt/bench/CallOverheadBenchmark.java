package org.djlgpt.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Activation;

import org.djlgpt.torch.ComputeDevice;
import org.djlgpt.torch.Kernels;
import org.djlgpt.torch.Recording;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import java.util.concurrent.TimeUnit;

/** What a call costs before anything is computed: GELU of four numbers. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class CallOverheadBenchmark {

    private NDManager manager;
    private Recording off;
    private NDArray x;

    /** Makes the four numbers. */
    @Setup(Level.Trial)
    public void open() {
        manager = ComputeDevice.newManager();
        off = Recording.off();
        x = manager.create(new float[] {-1, 0, 1, 2});
    }

    /** Through a kernel of the library. */
    @Benchmark
    public void kernel() {
        Kernels.geluTanh(x).close();
    }

    /** Through DJL's own operator. */
    @Benchmark
    public void djl() {
        Activation.gelu(x).close();
    }

    /** Frees everything. */
    @TearDown(Level.Trial)
    public void close() {
        off.close();
        manager.close();
    }
}
