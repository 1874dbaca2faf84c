"""What Python's programs make of texts: `python corpus_fixture.py JTOKKIT_JAR`.

The jar is com.knuddels:jtokkit, which carries GPT-2's ranks. Writes into src/test/resources/org/djlgpt/text/corpus

- gpt2.json: odd texts and tiktoken's ids of them;
- meta-2.pkl to meta-5.pkl: nanoGPT's meta.pkl in each of pickle's binary protocols, and calls.pkl, which calls print;
- ../../data/llama3.bin: ids of 32 bits behind llm.c's header.
"""
import json
import pickle
import random
import sys

import numpy
import tiktoken

from gpt2_tokenizer_reference import FIXTURES, gpt2

FOLDER = FIXTURES / "corpus"
CHARACTERS = "\n !aZ\u00e9\u4f60\U0001f600" + "".join(chr(c) for c in range(0x400, 0x520))
LLAMA3_IDS = [128000, 9906, 0, 65535, 65536, 128255]


def texts():
    draw = random.Random(11)
    pieces = ["word", " word", "'s", "'ll", "'", "''", " ", "  ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028",
              "\x1c", "\x85", "1", "12 34", "\u00bd", "!", "?!", " ...", "-" * 20, "a" * 40, "\u00e9", "e\u0301", "\u4f60\u597d",
              "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "<|endoftext|>", "<|end", "\ufeff", "\x00", "\uffff",
              "\U0010ffff", "\u0661\u0662", "\u05e9\u05dc\u05d5\u05dd"]
    fixed = [" " * 100 + "x", "x" + " " * 100, "\n" * 50, "a\u00a0 b \u00a0c", "don't  stop\n\n  'til", "word " * 60]
    return fixed + ["".join(draw.choice(pieces) for _ in range(draw.randint(1, 60))) for _ in range(150)]


class Call:
    def __reduce__(self):
        return print, ("called",)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    encoding = gpt2(sys.argv[1])
    cases = [{"text": text, "ids": encoding.encode_ordinary(text)} for text in texts()]
    (FOLDER / "gpt2.json").write_text(json.dumps({"tiktoken": tiktoken.__version__, "cases": cases}) + "\n")

    itos = dict(enumerate(sorted(set(CHARACTERS))))
    meta = {"vocab_size": len(itos), "itos": itos, "stoi": {c: i for i, c in itos.items()}}
    for protocol in range(2, 6):
        (FOLDER / ("meta-%d.pkl" % protocol)).write_bytes(pickle.dumps(meta, protocol))
    (FOLDER / "calls.pkl").write_bytes(pickle.dumps({**meta, "more": Call()}, 4))

    header = numpy.zeros(256, dtype="<i4")
    header[:3] = 20240801, 7, len(LLAMA3_IDS)
    (FOLDER.parents[1] / "data/llama3.bin").write_bytes(header.tobytes() + numpy.array(LLAMA3_IDS, dtype="<u4").tobytes())


if __name__ == "__main__":
    main()
