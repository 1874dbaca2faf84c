package org.djlgpt.cli;

import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.Optional;

/** What happens when a training is interrupted, and how it goes on. */
final class CheckpointOptions {

    @Option(
            names = "--resume",
            paramLabel = "DIR",
            description =
                    "go on with the run in this folder from its last checkpoint; all other options"
                            + " default to that run's, and only --steps, --eval-every, --device and"
                            + " those below may differ")
    private Path resume;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "N",
            description =
                    "steps between checkpoints, of three times the model's size (default: as"
                            + " --eval-every)")
    private Integer every;

    @Option(
            names = "--skip-bad-steps",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "how many steps may have a loss or gradient that is not finite; their updates"
                            + " are not applied (default: 0)")
    private int skipBadSteps;

    @Option(
            names = "--keep-going",
            description = "train on when nothing can be written, as on a full disk")
    private boolean keepGoing;

    /** Returns the folder of the run to go on with. */
    Optional<Path> resume() {
        return Optional.ofNullable(resume);
    }

    /** Returns the steps between checkpoints. */
    Optional<Integer> every() {
        return Optional.ofNullable(every);
    }

    int skipBadSteps() {
        return skipBadSteps;
    }

    boolean keepGoing() {
        return keepGoing;
    }
}
