package org.djlgpt.cli.train;

import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;

import org.djlgpt.model.GptTrunk;
import org.djlgpt.training.Learner;
import org.djlgpt.training.TrainingLoopListener;
import org.djlgpt.training.TrainingPlan;
import org.djlgpt.training.WriteFailureHandler;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Where {@code gpt train --spark} trains. The command finds {@code org.djlgpt.spark.SparkCluster}
 * by its name, so that it runs without Spark where nobody asks for it.
 */
public interface Cluster {

    /**
     * Prepares a training. Nothing is written yet.
     *
     * @param task what to train, and where
     * @param listeners hear of steps and evaluations
     * @param messages takes what a person should know
     * @return the training
     * @throws IllegalArgumentException if the cluster can't be reached, or a value is wrong
     * @throws IOException if a file can't be read
     */
    Run open(Task task, List<TrainingLoopListener> listeners, Consumer<String> messages)
            throws IOException;

    /** A training on a cluster. */
    interface Run extends AutoCloseable {

        /**
         * Trains to the end, or until it is to stop.
         *
         * @throws IllegalArgumentException if the cluster can't do it, saying why
         * @throws IOException if the cluster gives up, or something can't be written
         */
        void train() throws IOException;

        /** Asks to stop after the round that is under way; any thread may. */
        void stop();

        /** Leaves the cluster. */
        @Override
        void close();
    }

    /**
     * Where the cluster is and what it is told.
     *
     * @param master its name
     * @param workers how many processes train
     * @param cores how many processors each has
     * @param settings of the cluster, each {@code KEY=VALUE}
     */
    record Place(String master, int workers, int cores, List<String> settings) {}

    /**
     * How the workers meet.
     *
     * @param every the steps between meetings
     * @param rate the outer rate
     * @param momentum the outer momentum
     * @param fragments how many parts of the parameters meet in turn
     * @param format what changes travel as: {@code float32}, {@code bfloat16} or {@code int8}
     * @param keepMoments whether each round's moments are stored
     */
    record Meeting(
            int every,
            double rate,
            double momentum,
            int fragments,
            String format,
            boolean keepMoments) {}

    /**
     * Tokens in files, one file after the other.
     *
     * @param files their names
     * @param from the position of the first token
     * @param to the position after the last
     */
    record TokenSpan(List<String> files, long from, long to) {}

    /** Makes in another process what is trained. */
    @FunctionalInterface
    interface Source extends Serializable {

        /**
         * Makes it.
         *
         * @param manager owns its parameters
         * @return the model, and the data unless they are tokens in files
         * @throws IllegalArgumentException if a file is not there, or what it says is wrong
         * @throws IOException if one can't be read
         * @throws MalformedModelException if one is damaged
         */
        Learner make(NDManager manager) throws IOException, MalformedModelException;
    }

    /**
     * What a training is.
     *
     * @param place where it is done
     * @param meeting how workers meet
     * @param model has the first parameters, and gets those of each evaluation
     * @param source makes in each worker what it trains; null for another model of the same size,
     *     all of which is trained on tokens
     * @param bfloat16 whether layers compute in bfloat16
     * @param training what to train on; null if the source has the data
     * @param validation what is held out; null likewise
     * @param plan how each worker trains
     * @param folder where parameters lie between rounds, for all machines
     * @param resume whether to go on from there
     * @param checkpointEvery the steps between stored rounds; null for those between evaluations
     * @param skipBadSteps how many steps of a round may be skipped
     * @param notes what a stored round tells whoever goes on
     * @param writeFailures hears what can't be written
     * @param log takes a line for each worker and round
     */
    record Task(
            Place place,
            Meeting meeting,
            GptTrunk model,
            Source source,
            boolean bfloat16,
            TokenSpan training,
            TokenSpan validation,
            TrainingPlan plan,
            String folder,
            boolean resume,
            Integer checkpointEvery,
            int skipBadSteps,
            Map<String, String> notes,
            WriteFailureHandler writeFailures,
            Path log) {}
}
