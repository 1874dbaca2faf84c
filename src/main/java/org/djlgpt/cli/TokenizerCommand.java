package org.djlgpt.cli;

import picocli.CommandLine.Command;

/** {@code gpt tokenizer}. */
@Command(
        name = "tokenizer",
        mixinStandardHelpOptions = true,
        description = "Learns a vocabulary, or adds special tokens to a model's.",
        subcommands = {TokenizerTrainCommand.class, TokenizerAddCommand.class})
final class TokenizerCommand {}
