package org.djlgpt.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.djlgpt.cli.console.OptionNames;
import org.djlgpt.training.TrainingPlan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

class OptionNamesTest {

    private static final CommandSpec TRAIN = new CommandLine(new TrainCommand()).getCommandSpec();

    @ParameterizedTest
    @CsvSource({
        "numHeads, --heads",
        "numKeyValueHeads, --kv-heads",
        "embeddingDim, --embedding-dim",
        "ropeBase, --rope-base",
        "dropout, --dropout",
        "skipBadSteps, --skip-bad-steps",
        "vocabSize, vocabSize",
        "topK, topK"
    })
    void parametersBecomeOptionsThatTheCommandHas(String parameter, String option) {
        assertEquals(option, OptionNames.option(parameter, TRAIN));
    }

    @Test
    void everyValueOfATrainingHasAnOption() {
        for (String parameter : TrainingPlan.builder().build().values().keySet()) {
            assertTrue(OptionNames.option(parameter, TRAIN).startsWith("--"), parameter);
        }
    }
}
