"""Does Hugging Face transformers accept a model folder? `python huggingface_check.py DIR [IDS] [TEXT]`

IDS is JSON, one row or a list of rows of equal length: "[1, 2, 3]". Prints one JSON object: parameter count, logits
(B, T, vocabulary) of IDS, what `generate` makes of it with the folder's generation_config.json, greedily and up to the
context length, the warnings meanwhile and, where DIR holds a vocab.json, the tokenizer and what it makes of TEXT.
Exits with 1 when the folder lacks a parameter, holds one too many or one of another shape, when `generate` warns, or
when the tokenizer is refused.
"""
import argparse
import json
import logging
import sys
import warnings
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


class Messages(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def generation_report(model, ids):
    messages = Messages()
    logging.getLogger("transformers").addHandler(messages)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        new_tokens = model.config.n_positions - ids.shape[1]
        tokens = ids if new_tokens <= 0 else model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=new_tokens)
    return {"continuation": tokens[:, ids.shape[1]:].tolist(),
            "warnings": messages.texts + [str(warning.message) for warning in caught]}


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
        ids = torch.tensor(rows)
        report["logits"] = model.eval()(ids).logits.float().tolist()
        report |= generation_report(model, ids)
    print(json.dumps(report))
    return 1 if problems or report.get("warnings") or "error" in (report["tokenizer"] or {}) else 0


if __name__ == "__main__":
    sys.exit(main())
