package org.djlgpt.notebooks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonParser;

import org.djlgpt.testing.OnCpu;
import org.junit.jupiter.api.Test;

/** Which outputs count as the committed ones, and how a file with new ones is written. */
@OnCpu("a GPU's numbers are not compared")
class CodeCellTest {

    private static final String PRINTED =
            "[{'output_type': 'stream', 'name': 'stdout', 'text': ['%s\\n']}]";
    private static final String IMAGE =
            "[{'output_type': 'display_data', 'data': {'image/png': '%s'}, 'metadata': {}}]";

    @Test
    void anyOtherCharacterIsAnotherOutput() {
        assertEquals(comparable("", PRINTED, "1.0"), comparable("", PRINTED, "1.0"));
        assertNotEquals(comparable("", PRINTED, "1.0"), comparable("", PRINTED, "1.1"));
    }

    @Test
    void imagesMayDifferButMustCome() {
        assertEquals(comparable("", IMAGE, "iVBO"), comparable("", IMAGE, "iVBP"));
        assertNotEquals(comparable("", IMAGE, "iVBO"), comparable("", PRINTED, ""));
        assertNotEquals(comparable("", IMAGE, "iVBO"), comparable("", "[]", ""));
    }

    @Test
    void outputsOfACellThatVariesMustBeOfTheSameKind() {
        assertEquals(comparable("varies", PRINTED, "1 ms"), comparable("varies", PRINTED, "2 ms"));
        assertNotEquals(comparable("varies", PRINTED, "1 ms"), comparable("varies", "[]", ""));
    }

    @Test
    void aNotebookIsWrittenAsJupyterWritesIt() {
        Notebook notebook =
                Notebook.parse(
"""
{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
  {"id": "a", "cell_type": "code", "metadata": {}, "source": ["5 < x\\n", "é"],
   "outputs": [], "execution_count": null}]}
""");
        notebook.codeCells().get(0).record(3, outputs(PRINTED, "5"));

        assertEquals(
                """
                {
                 "cells": [
                  {
                   "cell_type": "code",
                   "execution_count": 3,
                   "id": "a",
                   "metadata": {},
                   "outputs": [
                    {
                     "name": "stdout",
                     "output_type": "stream",
                     "text": [
                      "5\\n"
                     ]
                    }
                   ],
                   "source": [
                    "5 < x\\n",
                    "é"
                   ]
                  }
                 ],
                 "metadata": {},
                 "nbformat": 4,
                 "nbformat_minor": 5
                }
                """,
                notebook.toString());
    }

    private static String comparable(String tag, String outputs, String content) {
        CodeCell cell =
                new CodeCell(
                        JsonParser.parseString("{'metadata': {'tags': ['" + tag + "']}}")
                                .getAsJsonObject());
        return cell.comparable(outputs(outputs, content));
    }

    private static JsonArray outputs(String outputs, String content) {
        return JsonParser.parseString(outputs.formatted(content)).getAsJsonArray();
    }
}
