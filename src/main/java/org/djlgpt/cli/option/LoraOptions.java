package org.djlgpt.cli.option;

import org.djlgpt.nn.Layers.Role;
import org.djlgpt.nn.LoraConfig;

import picocli.CommandLine.Option;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The adapter that is trained in place of the whole model. */
public final class LoraOptions {

    private static final Map<Role, String> NAMES =
            new EnumMap<>(
                    Map.of(
                            Role.QUERY, "q",
                            Role.KEY, "k",
                            Role.VALUE, "v",
                            Role.ATTENTION_OUTPUT, "o",
                            Role.GATE, "gate",
                            Role.UP, "up",
                            Role.DOWN, "down"));

    @Option(
            names = "--lora-rank",
            paramLabel = "R",
            description =
                    "train an adapter of this rank beside the weights of --init-from, which stay as"
                            + " they are; --out takes the adapter (default: train all weights)")
    private Integer loraRank;

    @Option(
            names = "--lora-alpha",
            paramLabel = "X",
            description =
                    "what the adapter is multiplied with, divided by the rank (default: twice the"
                            + " rank)")
    private Double loraAlpha;

    @Option(
            names = "--lora-dropout",
            paramLabel = "P",
            description =
                    "probability, in [0, 1), that an element of the adapter's input is dropped"
                            + " (default: 0)")
    private Float loraDropout;

    @Option(
            names = "--lora-targets",
            paramLabel = "NAMES",
            description =
                    "which layers have the adapter, of q, k, v and o in attention and gate, up and"
                            + " down in the feed-forward network (default: q,v)")
    private String loraTargets;

    @Option(
            names = "--lora-rank-stabilised",
            description = "divide by the square root of the rank instead of the rank")
    private Boolean rankStabilised;

    /** For picocli. */
    LoraOptions() {}

    /**
     * Returns the adapter to train, if one is asked for.
     *
     * @return its configuration; empty to train the model
     * @throws IllegalArgumentException if it is none
     */
    public Optional<LoraConfig> config() {
        if (loraRank == null) {
            requireNone("--lora-alpha", loraAlpha);
            requireNone("--lora-dropout", loraDropout);
            requireNone("--lora-targets", loraTargets);
            requireNone("--lora-rank-stabilised", rankStabilised);
            return Optional.empty();
        }
        LoraConfig.Builder lora =
                LoraConfig.builder()
                        .setRank(loraRank)
                        .optDropout(loraDropout == null ? 0 : loraDropout)
                        .optRankStabilised(rankStabilised != null && rankStabilised);
        if (loraAlpha != null) {
            lora.optAlpha(loraAlpha);
        }
        if (loraTargets != null) {
            lora.optTargets(roles());
        }
        return Optional.of(lora.build());
    }

    private static void requireNone(String option, Object given) {
        if (given != null) {
            throw new IllegalArgumentException(
                    "%s=%s needs --lora-rank, the rank of the adapter; give it, or leave %s out"
                            .formatted(option, given, option));
        }
    }

    private Set<Role> roles() {
        Set<Role> roles = EnumSet.noneOf(Role.class);
        for (String name : loraTargets.split(",", -1)) {
            roles.add(
                    NAMES.entrySet().stream()
                            .filter(entry -> entry.getValue().equals(name.strip()))
                            .map(Map.Entry::getKey)
                            .findFirst()
                            .orElseThrow(() -> unknown(name)));
        }
        return roles;
    }

    private IllegalArgumentException unknown(String name) {
        return new IllegalArgumentException(
                "--lora-targets=%s names '%s', which is none of %s; separate them by commas"
                        .formatted(loraTargets, name, String.join(", ", NAMES.values())));
    }

    /**
     * Describes an adapter in the words of the options.
     *
     * @param lora the adapter
     * @return rank, alpha and the like, and its targets
     */
    public static String describe(LoraConfig lora) {
        String names = lora.targets().stream().map(NAMES::get).collect(Collectors.joining(", "));
        return String.format(
                Locale.ROOT,
                "rank %d, alpha %s%s%s, on %s",
                lora.rank(),
                String.valueOf(lora.alpha()).replaceFirst("\\.0$", ""),
                lora.rankStabilised() ? " rank-stabilised" : "",
                lora.dropout() == 0 ? "" : ", dropout " + lora.dropout(),
                names);
    }
}
