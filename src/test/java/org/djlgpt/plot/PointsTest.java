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
import java.util.stream.IntStream;

class PointsTest {

    private static final double GAP = Double.NaN;

    @Test
    void takesWhatIsNotFiniteForGaps() {
        Points points = points(1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
        assertArrayEquals(new double[] {1, GAP, GAP, GAP}, points.y());
    }

    @Test
    void smoothsWithWeightsThatAddUpToOne() {
        Points smoothed = points(4, 2, GAP, 8).smoothed(0.5);
        double second = (0.25 * 4 + 0.5 * 2) / 0.75;
        double fourth = (0.125 * 4 + 0.25 * 2 + 0.5 * 8) / 0.875;
        assertArrayEquals(new double[] {4, second, GAP, fourth}, smoothed.y(), 1e-12);
    }

    @Test
    void findsValuesThatNoLineReaches() {
        assertArrayEquals(new double[] {5}, points(5).isolated().y());
        assertArrayEquals(new double[] {1, 6}, points(1, GAP, 3, 4, GAP, 6).isolated().y());
        assertEquals(0, points(1, 2).isolated().size());
    }

    @Test
    void breaksTheLineAtGaps() {
        Points points = points(GAP, 7, 6, GAP, 4);
        PathIterator path = points.path(x -> 10 * x, y -> y).getPathIterator(null);
        List<String> segments = new ArrayList<>();
        for (double[] point = new double[6]; !path.isDone(); path.next()) {
            String kind = path.currentSegment(point) == PathIterator.SEG_MOVETO ? "M" : "L";
            segments.add("%s %.0f %.0f".formatted(kind, point[0], point[1]));
        }
        assertEquals(List.of("M 10 7", "L 20 6", "M 40 4"), segments);
    }

    @Test
    void keepsEveryPointOfAShortLine() {
        Points points = points(3, 2, 1, 0);
        assertSame(points, points.thinned(1));
    }

    @Test
    void keepsFirstLowestHighestAndLastOfAColumn() {
        Points thinned = points(5, 6, 9, 5, 4, 7, 6, 5).thinned(1);
        assertArrayEquals(new double[] {0, 2, 4, 6, 7}, thinned.x());
        assertArrayEquals(new double[] {5, 9, 4, 6, 5}, thinned.y());
    }

    @Test
    void keepsTheSpikesOfALongLine() {
        double[] values = new double[100_000];
        Arrays.setAll(values, i -> 3 + Math.sin(i));
        values[54_321] = 40;
        values[12_345] = -7;
        Points thinned = points(values).thinned(500);
        assertTrue(thinned.size() <= 4 * 501, thinned.size() + " points");
        assertEquals(40, DoubleStream.of(thinned.y()).max().orElseThrow());
        assertEquals(-7, DoubleStream.of(thinned.y()).min().orElseThrow());
        assertEquals(0, thinned.x()[0]);
        assertEquals(99_999, thinned.x()[thinned.size() - 1]);
    }

    @Test
    void keepsTheGapsOfALongLine() {
        double[] values = new double[10_000];
        Arrays.fill(values, 4_000, 6_000, GAP);
        Points thinned = points(values).thinned(100);
        long gaps = DoubleStream.of(thinned.y()).filter(Double::isNaN).count();
        assertEquals(20, gaps, 1);
    }

    private static Points points(double... values) {
        return Points.of(IntStream.range(0, values.length).asDoubleStream().toArray(), values);
    }
}
