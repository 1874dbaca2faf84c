package org.djlgpt.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.List;

/** Which steps end with an exchange of what. */
class RoundPlanTest {

    /** Steps behind which fragments meet, such as 2:0 for the first behind step 2. */
    @ParameterizedTest
    @CsvSource({
        "4, 1, 10, 4:all 8:all 10:all",
        "4, 2, 10, 2:0 4:1 6:0 8:1 10:all",
        "4, 4, 6, 1:0 2:1 3:2 4:3 5:0 6:all",
        "5, 3, 11, 1:0 3:1 5:2 6:0 8:1 10:2 11:all",
        "100, 3, 200, 33:0 66:1 100:2 133:0 166:1 200:all",
        "100, 1, 50, 50:all"
    })
    void fragmentsTakeTurns(int every, int fragments, int steps, String expected) {
        RoundPlan plan = RoundPlan.DEFAULT.withSyncEvery(every).withFragments(fragments);
        List<String> met = new ArrayList<>();
        for (int done = 0; done < steps; ) {
            RoundPlan.Part part = plan.next(done, steps);
            done += part.steps();
            met.add(done + ":" + (part.isWhole() ? "all" : part.fragment()));
        }

        assertEquals(expected, String.join(" ", met));
    }

    @Test
    void everyPieceBelongsToOneFragment() {
        RoundPlan plan = RoundPlan.DEFAULT.withWorkers(3).withSyncEvery(4).withFragments(4);
        Pieces pieces = Pieces.of(1000, plan);
        List<Integer> all = new ArrayList<>();
        for (int done = 0; done < 4; done++) {
            all.addAll(pieces.exchanged(plan.next(done, 100)));
        }

        assertEquals(pieces.exchanged(plan.next(99, 100)), all.stream().sorted().toList());
        assertEquals(3 * 4, all.size()); // each worker averages a piece of each fragment
        assertEquals(
                1000, all.stream().mapToInt(pieces::length).sum(), "all numbers are in a piece");
    }

    @Test
    void aFragmentNeedsAStepOfItsOwn() {
        RoundPlan plan = RoundPlan.DEFAULT.withSyncEvery(3);

        IllegalArgumentException failure =
                assertThrows(IllegalArgumentException.class, () -> plan.withFragments(4));
        assertEquals(
                "fragments=4 are more than syncEvery=3, but each needs a step of its own; take"
                        + " fewer, or 1 to exchange all at once",
                failure.getMessage());
    }
}
