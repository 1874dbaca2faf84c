package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.List;

/** How a newcomer finds out what there is. */
class HelpTest {

    @ParameterizedTest
    @ValueSource(strings = {"train", "generate", "eval", "info", "tokenizer", "attention", "bench"})
    void everyWayToAskShowsTheSamePage(String command) {
        Command page = Command.gpt(command, "--help");

        assertEquals(0, page.exitCode());
        assertTrue(page.out().startsWith("Usage: gpt " + command + " "), page::out);
        assertEquals(page, Command.gpt(command, "-h"));
        assertEquals(page, Command.gpt("help", command));
        assertTrue(Command.gpt("help").out().contains("\n  " + command + " "));
    }

    @Test
    void theCommandItselfHasAPage() {
        Command page = Command.gpt("--help");

        assertTrue(page.out().startsWith("Usage: gpt [-h]"), page::out);
        assertEquals(page, Command.gpt("-h"));
        assertEquals(page, Command.gpt("help"));
    }

    @Test
    void everyCommandKnowsItsVersion() {
        Command version = Command.gpt("--version");

        assertTrue(version.out().startsWith("djl-gpt "), version::out);
        assertEquals(version, Command.gpt("train", "-V"));
        assertEquals(version, Command.gpt("info", "--version"));
    }

    @Test
    void optionsWithoutACommandAreThoseOfTrain(@TempDir Path folder) {
        Path text = SmallText.in(folder);
        List<Object> options = SmallText.options(text, folder.resolve("model"), "--steps", 1);

        Command command = Command.gpt(options.subList(1, options.size()).toArray());

        assertEquals(0, command.exitCode(), command::err);
        assertTrue(command.out().contains("step 1/1 "), command::out);
        assertEquals(Command.gpt("train", "--help"), Command.gpt("--steps", 1, "--help"));
    }
}
