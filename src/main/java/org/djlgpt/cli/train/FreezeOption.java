package org.djlgpt.cli.train;

import org.djlgpt.model.GptTrunk;

import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which parts of a model a training leaves as they are. */
final class FreezeOption {

    private static final String EMBEDDINGS = "embeddings";
    private static final Pattern BLOCKS = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?");

    @Option(
            names = "--freeze",
            paramLabel = "PARTS",
            description =
                    "keep these parts as they are: embeddings, and blocks by their numbers from 0,"
                            + " such as embeddings,0-10 to train the last of 12 blocks and what"
                            + " follows it (default: none)")
    private String freeze;

    /** Returns whether a part is to be kept. */
    boolean isGiven() {
        return freeze != null;
    }

    /**
     * Keeps the parts as they are.
     *
     * @throws IllegalArgumentException if a model has no such part
     */
    void apply(GptTrunk model) {
        if (freeze == null) {
            return;
        }
        List<Runnable> parts = new ArrayList<>();
        for (String part : freeze.split(",", -1)) {
            parts.add(freezing(model, part.strip()));
        }
        parts.forEach(Runnable::run);
    }

    private Runnable freezing(GptTrunk model, String part) {
        if (part.equals(EMBEDDINGS)) {
            return model::freezeEmbeddings;
        }
        int last = model.blocks().size() - 1;
        Matcher blocks = BLOCKS.matcher(part);
        if (blocks.matches()) {
            int from = Integer.parseInt(blocks.group(1));
            int to = blocks.group(2) == null ? from : Integer.parseInt(blocks.group(2));
            if (from <= to && to <= last) {
                return () -> model.freezeBlocks(from, to + 1);
            }
        }
        throw new IllegalArgumentException(
                "--freeze=%s names '%s', which is neither %s nor some of the blocks 0-%d; separate parts by commas"
                        .formatted(freeze, part, EMBEDDINGS, last));
    }

    /** Returns what is kept, for a person. */
    String describe() {
        return freeze.replace(",", ", ");
    }
}
