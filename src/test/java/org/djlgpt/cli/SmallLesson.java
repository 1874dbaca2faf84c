package org.djlgpt.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Something to learn in a moment.
 *
 * @param option the kind of lesson, such as {@code --examples}
 * @param file what is learned, unless a training has another
 * @param usual the other options that make it a moment; later ones replace them
 */
record SmallLesson(String option, Path file, List<Object> usual) {

    /** Runs {@code gpt train}. */
    Command train(Path out, Object... more) {
        List<Object> words = new ArrayList<>(List.of("train", "--out", out));
        if (!List.of(more).contains(option)) {
            words.addAll(List.of(option, file));
        }
        words.addAll(List.of("--learning-rate", 0.01, "--steps", 2, "--eval-every", 50));
        words.addAll(usual);
        words.addAll(List.of(more));
        return Command.gpt(words.toArray());
    }
}
