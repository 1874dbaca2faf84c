package org.djlgpt.cli;

import picocli.CommandLine.Command;

/** {@code gpt tokenizer}. */
@Command(
        name = "tokenizer",
        mixinStandardHelpOptions = true,
        description = "Learns a vocabulary.",
        subcommands = TokenizerTrainCommand.class)
final class TokenizerCommand {}
