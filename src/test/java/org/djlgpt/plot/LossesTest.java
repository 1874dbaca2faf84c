package org.djlgpt.plot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.awt.geom.PathIterator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

class LossesTest {

    private static final double GAP = Double.NaN;

    @Test
    void takesWhatIsNotFiniteForGaps() {
        Losses losses = losses(1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
        assertArrayEquals(new double[] {1, GAP, GAP, GAP}, losses.values());
    }

    @Test
    void smoothsWithWeightsThatAddUpToOne() {
        Losses smoothed = losses(4, 2, GAP, 8).smoothed(0.5);
        double second = (0.25 * 4 + 0.5 * 2) / 0.75;
        double fourth = (0.125 * 4 + 0.25 * 2 + 0.5 * 8) / 0.875;
        assertArrayEquals(new double[] {4, second, GAP, fourth}, smoothed.values(), 1e-12);
    }

    @Test
    void findsValuesThatNoLineReaches() {
        assertArrayEquals(new double[] {5}, losses(5).isolated().values());
        assertArrayEquals(new double[] {1, 6}, losses(1, GAP, 3, 4, GAP, 6).isolated().values());
        assertEquals(0, losses(1, 2).isolated().size());
    }

    @Test
    void breaksTheLineAtGaps() {
        Losses losses = losses(GAP, 7, 6, GAP, 4);
        PathIterator path = losses.path(x -> 10 * x, y -> y).getPathIterator(null);
        List<String> segments = new ArrayList<>();
        for (double[] point = new double[6]; !path.isDone(); path.next()) {
            String kind = path.currentSegment(point) == PathIterator.SEG_MOVETO ? "M" : "L";
            segments.add("%s %.0f %.0f".formatted(kind, point[0], point[1]));
        }
        assertEquals(List.of("M 10 7", "L 20 6", "M 40 4"), segments);
    }

    @Test
    void keepsEveryPointOfAShortRun() {
        Losses losses = losses(3, 2, 1, 0);
        assertSame(losses, losses.thinned(1));
    }

    @Test
    void keepsFirstLowestHighestAndLastOfAColumn() {
        Losses thinned = losses(5, 6, 9, 5, 4, 7, 6, 5).thinned(1);
        assertArrayEquals(new double[] {0, 2, 4, 6, 7}, thinned.steps());
        assertArrayEquals(new double[] {5, 9, 4, 6, 5}, thinned.values());
    }

    @Test
    void keepsTheSpikesOfALongRun() {
        double[] values = new double[100_000];
        Arrays.setAll(values, i -> 3 + Math.sin(i));
        values[54_321] = 40;
        values[12_345] = -7;
        Losses thinned = losses(values).thinned(500);
        assertTrue(thinned.size() <= 4 * 501, thinned.size() + " points");
        assertEquals(40, DoubleStream.of(thinned.values()).max().orElseThrow());
        assertEquals(-7, DoubleStream.of(thinned.values()).min().orElseThrow());
        assertEquals(0, thinned.steps()[0]);
        assertEquals(99_999, thinned.steps()[thinned.size() - 1]);
    }

    @Test
    void keepsTheGapsOfALongRun() {
        double[] values = new double[10_000];
        Arrays.fill(values, 4_000, 6_000, GAP);
        Losses thinned = losses(values).thinned(100);
        long gaps = DoubleStream.of(thinned.values()).filter(Double::isNaN).count();
        assertEquals(20, gaps, 1);
    }

    private static Losses losses(double... values) {
        Losses.Collector collector = new Losses.Collector("training");
        collector.set(LongStream.range(0, values.length).toArray(), values);
        return collector.losses();
    }
}
