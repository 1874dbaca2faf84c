"""Small tokenizer.json files, and what Hugging Face makes of odd strings: `python pretrained_tokenizer_fixture.py`.

Writes to src/test/resources/org/djlgpt/text

  byte-level     as Llama 3 and Qwen have it: words by a regular expression, bytes, tokens that were added
  sentencepiece  as Llama 2 has it: spaces as U+2581, one before each text, bytes for other characters
  pretrained.json  ids of both by transformers, with special tokens written out or not, and those of byte-level when
                   text is normalized to NFC
"""
import json
import random
import unicodedata
from pathlib import Path

import tokenizers
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

FIXTURES = Path(__file__).resolve().parents[1] / "resources/org/djlgpt/text"
WORDS = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def corpus():
    return ["%s is %s, don't you think? It's 0x%04x!\n" % (chr(c), unicodedata.name(chr(c)).lower(), c)
            for c in range(0x20, 0x2000) if unicodedata.name(chr(c), "") and c % 11 == 0]


def byte_level():
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    words = pre_tokenizers.Split(Regex(WORDS), "isolated")
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, bytes_])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(corpus(), trainers.BpeTrainer(
        vocab_size=500, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>"])
    tokenizer.add_tokens([AddedToken("<tool>", normalized=False)])
    tokenizer.add_special_tokens(["<|im_end|>"])
    return tokenizer


def sentencepiece():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokens = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % byte for byte in range(256)]
    tokenizer.train_from_iterator(corpus(), trainers.BpeTrainer(
        vocab_size=560, special_tokens=tokens, limit_alphabet=90, show_progress=False))
    tokenizer.pre_tokenizer = None
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    described = json.loads(tokenizer.to_str())
    described["added_tokens"] = described["added_tokens"][:3]
    return Tokenizer.from_str(json.dumps(described))


def save(tokenizer, name, end):
    folder = FIXTURES / name
    folder.mkdir(parents=True, exist_ok=True)
    described = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(described, "utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": end, "chat_template": "{{ messages }}"}))
    return PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)


def odd_strings():
    text = "".join(corpus())
    draw = random.Random(7)
    pieces = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool>", "<s>", "</s>", "<unk>", "<|im_", "<0x0A>", "'s", "'LL",
              "don't", " ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "0", "12345", "\u0660", "\u00bd", "letter",
              " small", "LATIN", "\u00e9", "e\u0301", "\u4f60\u597d", "\U0001f600", "\U0001f468\u200d\U0001f469", "\x00",
              "!?", "...", "_", "\ufeff", "\u05e9\u05dc", "\uffff", "\U0010ffff", " and ", "\u0130"]
    fixed = ["", " ", "  ", "a", " a", "a ", "\n", "<|im_start|>user\nHi<|im_end|>\n", "<s> a</s>b", "x" * 50, " " * 30 + "x"]
    starts = [draw.randrange(len(text)) for _ in range(40)]
    learnt = [text[start:start + draw.randint(1, 40)] for start in starts]
    return fixed + learnt + ["".join(draw.choice(pieces) for _ in range(draw.randint(1, 6))) for _ in range(180)]


def main():
    both = {"byteLevel": save(byte_level(), "byte-level", "<|im_end|>"),
            "sentencepiece": save(sentencepiece(), "sentencepiece", "</s>")}
    for tokenizer in both.values():  # later versions of transformers would clean decoded texts up otherwise
        tokenizer.clean_up_tokenization_spaces = False
    normalizing = byte_level()
    normalizing.normalizer = normalizers.NFC()
    cases = []
    for text in odd_strings():
        case = {"text": text}
        for name, tokenizer in both.items():
            plain, special = [tokenizer.encode(text, split_special_tokens=split, add_special_tokens=False)
                              for split in (True, False)]
            assert tokenizer.decode(plain) == text
            case[name] = {"plain": plain} | ({"special": special, "decoded": tokenizer.decode(special)}
                                             if special != plain else {})
        if not unicodedata.is_normalized("NFC", text):
            ids = normalizing.encode(text).ids
            case["normalized"] = {"special": ids, "decoded": normalizing.decode(ids, skip_special_tokens=False)}
        cases.append(case)
    report = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__,
              **{name: {"vocabSize": len(tokenizer), "endOfText": tokenizer.eos_token_id} for name, tokenizer in both.items()},
              "cases": cases}
    (FIXTURES / "pretrained.json").write_text(json.dumps(report, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()
