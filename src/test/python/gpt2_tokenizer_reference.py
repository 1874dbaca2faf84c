"""How tiktoken and transformers cut text: `python gpt2_tokenizer_reference.py JTOKKIT_JAR`.

The jar is com.knuddels:jtokkit, which carries GPT-2's ranks (r50k_base.tiktoken). Writes

- src/main/resources/org/djlgpt/text/characters.txt: the letters, numbers and white space of Unicode as tiktoken's
  regular expressions know them, as ranges of code points;
- src/test/resources/org/djlgpt/text/every-character.json: SHA-256 of the ids (32-bit little-endian, each text's ids
  followed by -1) that tiktoken gives to code points in several contexts, one for each 16384: all where there are
  characters, every 64th elsewhere;
- src/test/resources/org/djlgpt/text/small-gpt2: a small vocabulary, and what transformers' GPT2Tokenizer makes of odd
  strings with it.
"""
import base64
import hashlib
import json
import random
import struct
import sys
import unicodedata
import zipfile
from pathlib import Path

import tiktoken
import tokenizers
import transformers
from tiktoken_ext.openai_public import r50k_pat_str

SOURCES = Path(__file__).resolve().parents[2]
FIXTURES = SOURCES / "test/resources/org/djlgpt/text"
CONTEXTS = ["a{}1{}'s {} ", "{}{}a.{}\n {}"]
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
INHABITED = [(0, 0x32000), (0xE0000, 0xE1000)]  # what is in between and above is not assigned, or private, today
BLOCK = 0x4000


def characters():
    """Text that a pattern does not match has no ids, which tells what a class holds."""
    lines = ["# Unicode's letters, numbers and white space as tiktoken %s knows them" % tiktoken.__version__]
    bytes_alone = {bytes([b]): b for b in range(256)}
    for pattern in [r"\p{L}", r"\p{N}", r"\s"]:
        encoding = tiktoken.Encoding("class", pat_str=pattern, mergeable_ranks=bytes_alone, special_tokens={})
        members = [c for c in CODE_POINTS if encoding.encode_ordinary(chr(c))]
        ranges = []
        for c in members:
            if ranges and ranges[-1][1] == c - 1:
                ranges[-1][1] = c
            else:
                ranges.append([c, c])
        lines.append(" ".join([pattern] + ["%x" % a if a == b else "%x-%x" % (a, b) for a, b in ranges]))
    return "\n".join(lines) + "\n"


def gpt2(jar):
    lines = zipfile.ZipFile(jar).read("com/knuddels/jtokkit/r50k_base.tiktoken").splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines if line)}
    assert len(ranks) == 50256
    return tiktoken.Encoding("gpt2", pat_str=r50k_pat_str, mergeable_ranks=ranks,
                             special_tokens={"<|endoftext|>": 50256})


def every_character(encoding):
    sums = {}
    for context in CONTEXTS:
        digests = {}
        for c in CODE_POINTS:
            if c % 64 and not any(a <= c < b for a, b in INHABITED):
                continue
            ids = encoding.encode_ordinary(context.replace("{}", chr(c))) + [-1]
            digests.setdefault(c // BLOCK, hashlib.sha256()).update(struct.pack("<%di" % len(ids), *ids))
        sums[context] = {"%x" % block: digest.hexdigest()[:16] for block, digest in digests.items()}
    samples = ["\u0870's", "\u1c89\u1c8a", "\U0001ccf0\U0001ccf1", "\u166d\u3000 \u0085x"]
    return {"tiktoken": tiktoken.__version__, "block": BLOCK, "inhabited": INHABITED, "sha256": sums,
            "samples": {text: encoding.encode_ordinary(text) for text in samples}}


def small_gpt2(folder):
    """Learns from the names of the characters, which are the same for everyone who has the same Unicode."""
    text = ["%s is %s, don't you think? It's 0x%04x!" % (chr(c), unicodedata.name(chr(c)).lower(), c)
            for c in range(0x20, 0x2000) if unicodedata.name(chr(c), "") and c % 7 == 0]
    learned = tokenizers.ByteLevelBPETokenizer()
    learned.train_from_iterator(text, vocab_size=700, min_frequency=2, special_tokens=["<|endoftext|>", "<s>"])
    folder.mkdir(parents=True, exist_ok=True)
    learned.save_model(str(folder))
    vocabulary = json.loads((folder / "vocab.json").read_text("utf-8"))
    # Ids in another order than that of the merges, as a file from elsewhere may have them.
    order = list(range(len(vocabulary)))
    random.Random(1).shuffle(order)
    vocabulary = {token: order[i] for token, i in vocabulary.items()}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), "utf-8")
    size = len(vocabulary)
    (folder / "added_tokens.json").write_text(json.dumps({"<|user|>": size, "wordy": size + 1, "wordy word": size + 2}))
    (folder / "special_tokens_map.json").write_text(json.dumps(
        {"eos_token": "<|endoftext|>", "bos_token": {"content": "<s>", "lstrip": False},
         "additional_special_tokens": ["<|user|>"]}))
    merges = [tuple(line.split(" ")) for line in (folder / "merges.txt").read_text("utf-8").splitlines()[1:]]
    tokenizer = transformers.GPT2Tokenizer(vocab=vocabulary, merges=merges, bos_token="<s>")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|user|>"]})
    tokenizer.add_tokens([tokenizers.AddedToken(t, normalized=False) for t in ["wordy", "wordy word"]])
    assert tokenizer.convert_tokens_to_ids(["<|user|>", "wordy", "wordy word"]) == [size, size + 1, size + 2]
    cases = []
    for text in odd_strings(" ".join(text)):
        cases.append({"text": text,
                      "plain": tokenizer.encode(text, split_special_tokens=True, add_special_tokens=False),
                      "special": tokenizer.encode(text, add_special_tokens=False)})
        assert tokenizer.decode(cases[-1]["special"], clean_up_tokenization_spaces=False) == text
    return {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__,
            "vocabSize": len(tokenizer), "endOfText": tokenizer.eos_token_id, "cases": cases}


def odd_strings(corpus):
    draw = random.Random(7)
    pieces = ["<|endoftext|>", "<|user|>", "<s>", "wordy", "wordy word", "<|end", "'s", "'LL", "'re", "don't", " ", "  ",
              "\n", "\r\n", "\t", "\u00a0", "\u3000", "0", "1234", "\u0660", "\u00bd", "letter", " small", "LATIN", "aaaa",
              "\u00e9", "e\u0301", "\u4f60\u597d", "\U0001f600", "\U0001f468\u200d\U0001f469", "\u0870", "\x00", "\x7f",
              "!?", "...", "_", "-" * 9, "\ufeff", "\u05e9\u05dc", "\uffff", "\U0010ffff", "with", " and "]
    fixed = ["", " ", "a", "wordy wordy word", "<|endoftext|", "<|endoftext|><|endoftext|>", "a<s>b", "x" * 300,
             " " * 77 + "x", "letter" * 40]
    starts = [draw.randrange(len(corpus)) for _ in range(60)]
    learnt = [corpus[start:start + draw.randint(1, 120)] for start in starts]
    return fixed + learnt + ["".join(draw.choice(pieces) for _ in range(draw.randint(1, 9))) for _ in range(200)]


def main():
    encoding = gpt2(sys.argv[1])
    (SOURCES / "main/resources/org/djlgpt/text").mkdir(parents=True, exist_ok=True)
    (SOURCES / "main/resources/org/djlgpt/text/characters.txt").write_text(characters(), "ascii")
    FIXTURES.mkdir(parents=True, exist_ok=True)
    (FIXTURES / "every-character.json").write_text(json.dumps(every_character(encoding), indent=1) + "\n")
    folder = FIXTURES / "small-gpt2"
    (FIXTURES / "small-gpt2.json").write_text(json.dumps(small_gpt2(folder), indent=None) + "\n")


if __name__ == "__main__":
    main()
