package org.djlgpt.bench;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

import org.djlgpt.torch.ComputeDevice;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import java.util.concurrent.TimeUnit;

/** Causal attention forward, one sequence, 12 heads of 64 dimensions. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class AttentionBenchmark {

    /** The length of the sequence. */
    @Param({"64", "256", "1024"})
    public long tokens;

    /** What computes. */
    @Param({"PLAIN", "FLOAT32", "BFLOAT16"})
    public String operators;

    private NDManager manager;
    private Runnable forward;

    /** Makes queries, keys and values. */
    @Setup(Level.Trial)
    public void open() {
        manager = ComputeDevice.newManager();
        Shape shape = new Shape(1, 12, tokens, 64);
        forward =
                new AttentionCore(Operators.valueOf(operators), shape)
                        .prepare(manager)
                        .get(0)
                        .run();
    }

    /** From queries, keys and values to context vectors. */
    @Benchmark
    public void forward() {
        forward.run();
    }

    /** Frees everything. */
    @TearDown(Level.Trial)
    public void close() {
        manager.close();
    }
}
