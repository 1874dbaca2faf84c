"""Does Hugging Face transformers accept a model folder? `python huggingface_check.py DIR [IDS] [TEXT]`, or
`python huggingface_check.py --all ROOT` for every folder in ROOT, where org.djlgpt.checkpoint.SaveFixtures saves one
of each kind.

IDS is JSON, one row or a list of rows of equal length: "[1, 2, 3]". Prints one JSON object: parameter count, logits
(B, T, vocabulary) of IDS, what `generate` makes of it with the folder's generation_config.json, greedily and up to the
context length, the warnings meanwhile and, where DIR holds a tokenizer, its class and what it makes of TEXT. Of a
classifier, logits (B, labels) and its labels instead.
Exits with 1 when the folder lacks a parameter, holds one too many or one of another shape, when `generate` warns, or
when the tokenizer is refused.

With --all, prints a line for each folder: the largest distance of a logit from that in computed/ours.safetensors, before
and after transformers has loaded and saved the model, relative to the largest logit. Leaves what it has saved in
computed/again. An adapter is loaded by PEFT on the base that its configuration names. Exits with 1 when a parameter is missing or one
too many, or a distance is 1e-5 or more.
"""
import argparse
import json
import logging
import sys
import warnings
from pathlib import Path

import torch
import transformers
from peft import AutoPeftModelForCausalLM
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer


def tokenizer_report(folder, text):
    if not any((folder / file).exists() for file in ("vocab.json", "tokenizer.json")):
        return None
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
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
        new_tokens = model.config.max_position_embeddings - ids.shape[1]
        tokens = ids if new_tokens <= 0 else model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=new_tokens)
    return {"continuation": tokens[:, ids.shape[1]:].tolist(),
            "warnings": messages.texts + [str(warning.message) for warning in caught]}


def is_classifier(architectures):
    return any(name.endswith("ForSequenceClassification") for name in architectures)


def load(folder):
    if (folder / "adapter_config.json").exists():
        with warnings.catch_warnings(record=True) as caught:  # such as: missing adapter keys
            warnings.simplefilter("always")
            model = AutoPeftModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        return model.eval(), [str(w.message) for w in caught if "keys" in str(w.message)]
    architectures = AutoConfig.from_pretrained(folder, local_files_only=True).architectures or []
    auto = AutoModelForSequenceClassification if is_classifier(architectures) else AutoModelForCausalLM
    model, loading = auto.from_pretrained(
        folder, output_loading_info=True, local_files_only=True, ignore_mismatched_sizes=True)
    return model.eval(), {kind: sorted(map(str, names)) for kind, names in loading.items() if names}


def check_all(root):
    failures = 0
    for computed in sorted(root.glob("*/computed")):
        ours = load_file(computed / "ours.safetensors")
        model, problems = load(computed.parent)
        model.save_pretrained(computed / "again")
        again, more = load(computed / "again")
        distances = [((m(ours["ids"]).logits - ours["logits"]).abs().max() / ours["logits"].abs().max()).item()
                     for m in (model, again)]
        good = not problems and not more and max(distances) < 1e-5
        failures += not good
        print(computed.parent.name, type(model).__name__, *(f"{distance:.1e}" for distance in distances),
              problems or "no key missing or unexpected", "" if good else "FAILED")
    return 1 if failures else 0


@torch.no_grad()
def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path, metavar="DIR")
    arguments.add_argument("--all", action="store_true", help="check every folder in DIR")
    arguments.add_argument("ids", type=json.loads, nargs="?", metavar="IDS")
    arguments.add_argument("text", nargs="?", metavar="TEXT")
    given = arguments.parse_args()
    if not given.folder.is_dir():
        arguments.error(f"{given.folder} is no folder")  # otherwise taken for the name of a model to download

    if given.all:
        return check_all(given.folder)
    model, problems = load(given.folder)
    report = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__,
              "parameterCount": model.num_parameters(), "problems": problems,
              "tokenizer": tokenizer_report(given.folder, given.text)}
    if given.ids is not None:
        rows = given.ids if isinstance(given.ids[0], list) else [given.ids]
        ids = torch.tensor(rows)
        report["logits"] = model(ids).logits.float().tolist()
        if is_classifier([type(model).__name__]):
            report["labels"] = model.config.id2label
        else:
            report |= generation_report(model, ids)
    print(json.dumps(report))
    return 1 if problems or report.get("warnings") or "error" in (report["tokenizer"] or {}) else 0


if __name__ == "__main__":
    sys.exit(main())
