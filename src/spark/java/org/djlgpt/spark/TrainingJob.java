package org.djlgpt.spark;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.util.SerializableConfiguration;
import org.djlgpt.training.TrainingPlan;

import java.io.IOException;
import java.io.Serializable;

/**
 * What every worker has to know of a training.
 *
 * @param run tells this training from another in the same process
 * @param source makes the model, and its data if there are no files
 * @param bfloat16 whether layers compute in bfloat16
 * @param training the tokens to train on; null if the source has the data
 * @param stride the distance between windows of it
 * @param validation what is held out of them; null likewise
 * @param plan how each worker trains
 * @param skipBadSteps how many steps of a round may have a loss that is not finite
 * @param rounds how the workers meet
 * @param pieces how the parameters are cut
 * @param folder the name of the {@link RoundFolder}
 * @param configuration how to reach it and the data
 */
record TrainingJob(
        String run,
        LearnerSource source,
        boolean bfloat16,
        TokenFiles training,
        int stride,
        TokenFiles validation,
        TrainingPlan plan,
        int skipBadSteps,
        RoundPlan rounds,
        Pieces pieces,
        String folder,
        SerializableConfiguration configuration)
        implements Serializable {

    RoundFolder roundFolder() throws IOException {
        return new RoundFolder(folder, hadoop());
    }

    Configuration hadoop() {
        return configuration.value();
    }

    /** Returns what comes next in a training that is between two rounds. */
    RoundPlan.Part next(Round round) {
        return rounds.next(round.state().step(), plan.steps());
    }
}
