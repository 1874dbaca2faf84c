package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import picocli.CommandLine;

class OptionNamesTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "numHeads=3 must divide embeddingDim=8 | --heads=3 must divide --embedding-dim=8",
                "numKeyValueHeads=3 must divide numHeads=8 | --kv-heads=3 must divide --heads=8",
                "rotary base=1.0 must be above 1       | --rope-base=1.0 must be above 1",
                "dropout=1.0 must lie in [0, 1)        | --dropout=1.0 must lie in [0, 1)",
                "steps=0 must be at least 1; set steps | --steps=0 must be at least 1; set --steps",
                "the 20 steps of the run               | the 20 steps of the run",
                "give a seed to a model                | give a seed to a model",
                "--heads=3 stays                       | --heads=3 stays",
                "mysteps=4 and stepsTaken              | mysteps=4 and stepsTaken",
                "vocabSize=4 has no option             | vocabSize=4 has no option"
            })
    void parametersBecomeOptions(String message, String expected) {
        assertEquals(
                expected,
                OptionNames.in(message, new CommandLine(new TrainCommand()).getCommandSpec()));
    }
}
