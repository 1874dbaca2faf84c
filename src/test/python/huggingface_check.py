"""Does Hugging Face transformers accept a model folder? `python huggingface_check.py DIR [IDS] [TEXT]`

IDS is JSON, one row or a list of rows of equal length: "[1, 2, 3]". Prints one JSON object: parameter count, logits
(B, T, vocabulary) of IDS and, where DIR holds a vocab.json, the tokenizer and what it makes of TEXT. Exits with 1 when
the folder lacks a parameter, holds one too many or one of another shape, or when the tokenizer is refused.
"""
import argparse
import json
import sys
from pathlib import Path

import torch
import transformers
from transformers import GPT2LMHeadModel, GPT2Tokenizer


def tokenizer_report(folder, text):
    if not (folder / "vocab.json").exists():
        return None
    try:
        tokenizer = GPT2Tokenizer.from_pretrained(folder, local_files_only=True)
    except (ValueError, OSError) as refused:  # for instance a vocab.json without merges.txt
        return {"error": str(refused)}
    report = {"class": type(tokenizer).__name__, "vocabulary": len(tokenizer)}
    if text is not None:
        ids = tokenizer.encode(text)
        report |= {"ids": ids, "decoded": tokenizer.decode(ids)}
    return report


@torch.no_grad()
def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path, metavar="DIR")
    arguments.add_argument("ids", type=json.loads, nargs="?", metavar="IDS")
    arguments.add_argument("text", nargs="?", metavar="TEXT")
    given = arguments.parse_args()
    if not given.folder.is_dir():
        arguments.error(f"{given.folder} is no folder")  # otherwise taken for the name of a model to download

    model, loading = GPT2LMHeadModel.from_pretrained(
        given.folder, output_loading_info=True, local_files_only=True, ignore_mismatched_sizes=True)
    problems = {kind: sorted(map(str, names)) for kind, names in loading.items() if names}
    report = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__,
              "parameterCount": model.num_parameters(), "problems": problems,
              "tokenizer": tokenizer_report(given.folder, given.text)}
    if given.ids is not None:
        rows = given.ids if isinstance(given.ids[0], list) else [given.ids]
        report["logits"] = model.eval()(torch.tensor(rows)).logits.float().tolist()
    print(json.dumps(report))
    return 1 if problems or "error" in (report["tokenizer"] or {}) else 0


if __name__ == "__main__":
    sys.exit(main())
