"""A vocabulary that Hugging Face's tokenizers learn, and the ids that transformers then give to odd strings.

`python vocabulary_fixture.py` writes to src/test/resources/org/djlgpt/text/learnt

  corpus.jsonl   texts
  learnt.json    what BpeTrainer learns from them; the pieces that 2,000 odd strings are made of (see odd_strings), the
                 ids of some of them, and SHA-256 of the ids (32-bit little-endian, each string's followed by -1) of
                 every hundred, once as letters and once with special tokens read as such

`python vocabulary_fixture.py check DIR` compares a folder that `gpt tokenizer train --data .../corpus.jsonl
--vocab-size 600 --special-token '<|endoftext|>' --special-token '<|im_start|>' --out DIR` wrote, as tokenizers,
GPT2Tokenizer, PreTrainedTokenizerFast and AutoTokenizer read it.

`python vocabulary_fixture.py compare TEXT DIR` learns from one text file as many ids as DIR has, and compares.
"""
import hashlib
import json
import random
import struct
import sys
import tempfile
import time
import unicodedata
from pathlib import Path

import tokenizers
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

FOLDER = Path(__file__).resolve().parents[1] / "resources/org/djlgpt/text/learnt"
SPECIAL = ["<|endoftext|>", "<|im_start|>"]
PIECES = SPECIAL + [
    "<|im_", "<s>", "'s", "'LL", "don't", " ", "  ", "        ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "0", "12345",
    "\u0660", "\u00bd", "letter", " small", " capital", "LATIN", "aaaaaaa", "------", "\u00e9", "e\u0301", "\u4f60\u597d",
    "\U0001f600", "\U0001f468\u200d\U0001f469", "\x00", "\x7f", "!?", "...", "_", "\ufeff", "\u05e9\u05dc", "\uffff",
    "\U0010ffff", " and ", "return", "\u0130", "\ud7ff", "\ue000", "<|endoftext|", "\u00c2\u00a1", "with"]
NUM_STRINGS = 2000
BLOCK = 100


def corpus():
    """Names of characters, code with its runs of spaces, and the characters themselves."""
    draw = random.Random(3)
    characters = [chr(c) for c in range(0x20, 0x3000) if unicodedata.name(chr(c), "") and c % 37 == 0]
    texts = []
    for start in range(0, len(characters), 12):
        group = characters[start:start + 12]
        lines = ["%s is %s, don't you think? It's 0x%04x!" % (c, unicodedata.name(c).lower(), ord(c)) for c in group]
        code = ["%sreturn %s + %d;%s" % (" " * 4 * draw.randint(0, 4), draw.choice("abxy") * draw.randint(1, 9),
                                          draw.randint(0, 999), "\n" * draw.randint(0, 3)) for _ in range(4)]
        texts.append("\n".join(lines[:6] + code + ["".join(group) * 2, "-" * draw.randint(1, 40)]))
    return texts


def learn(texts, size, special):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=size, min_frequency=2, special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    return tokenizer


def learnt(tokenizer):
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]


def odd_strings():
    """The same in Java: a linear congruential generator draws a number of pieces, then each piece."""
    strings = []
    state = 1

    def draw(number):
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return (state >> 33) % number

    for _ in range(NUM_STRINGS):
        strings.append("".join(PIECES[draw(len(PIECES))] for _ in range(draw(9))))
    return strings


def digests(all_ids):
    sums = []
    for start in range(0, len(all_ids), BLOCK):
        numbers = [number for ids in all_ids[start:start + BLOCK] for number in ids + [-1]]
        sums.append(hashlib.sha256(struct.pack("<%di" % len(numbers), *numbers)).hexdigest())
    return sums


def ids(tokenizer, split):
    return [tokenizer.encode(text, split_special_tokens=split, add_special_tokens=False) for text in odd_strings()]


def expected(tokenizer):
    plain, special = ids(tokenizer, True), ids(tokenizer, False)
    for text, numbers in zip(odd_strings() * 2, plain + special):
        assert tokenizer.decode(numbers, clean_up_tokenization_spaces=False) == text
    samples = [{"text": text, "plain": plain[i]} | ({"special": special[i]} if special[i] != plain[i] else {})
               for i, text in enumerate(odd_strings()[:40])]
    return {"samples": samples, "plain": digests(plain), "special": digests(special)}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    texts = corpus()
    (FOLDER / "corpus.jsonl").write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), "utf-8")
    tokenizer = learn(texts, 600, SPECIAL)
    vocabulary, merges = learnt(tokenizer)
    with tempfile.TemporaryDirectory() as folder:
        transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=SPECIAL[0]).save_pretrained(folder)
        fast = transformers.PreTrainedTokenizerFast.from_pretrained(folder)
    report = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "special": SPECIAL,
              "vocabulary": vocabulary, "merges": merges, "pieces": PIECES, "strings": NUM_STRINGS, "block": BLOCK,
              **{"ids": expected(fast)}}
    (FOLDER / "learnt.json").write_text(json.dumps(report, separators=(",", ":")) + "\n")


def check(folder):
    report = json.loads((FOLDER / "learnt.json").read_text())
    assert learnt(Tokenizer.from_file(folder + "/tokenizer.json")) == (report["vocabulary"], report["merges"])
    for kind in (transformers.AutoTokenizer, transformers.GPT2Tokenizer, transformers.PreTrainedTokenizerFast):
        tokenizer = kind.from_pretrained(folder)
        assert len(tokenizer) == 600 and tokenizer.eos_token_id == 0, (kind, len(tokenizer), tokenizer.eos_token_id)
        assert expected(tokenizer) == report["ids"], kind
        print(kind.__name__, "as", type(tokenizer).__name__, ": the same ids for", NUM_STRINGS, "strings")


def compare(text, folder):
    vocabulary = json.loads(Path(folder, "vocab.json").read_text("utf-8"))
    merges = Path(folder, "merges.txt").read_text("utf-8").split("\n")[1:-1]
    with open(text, encoding="utf-8", newline="") as file:
        whole = file.read()
    begin = time.time()
    tokenizer = learn([whole], len(vocabulary), ["<|endoftext|>"])
    print("%.1f s" % (time.time() - begin), "the same" if learnt(tokenizer) == (vocabulary, merges) else "DIFFERENT")


if __name__ == "__main__":
    {"check": check, "compare": compare}[sys.argv[1]](*sys.argv[2:]) if len(sys.argv) > 1 else main()
