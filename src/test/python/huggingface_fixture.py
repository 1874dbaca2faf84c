"""A tiny GPT-2 saved by Hugging Face transformers, for the Java tests: `python huggingface_fixture.py`.

Writes config.json, model.safetensors and expected.json to src/test/resources/org/djlgpt/model/huggingface-tiny.
Every parameter is random, biases and norms too, so that a swapped or forgotten one shows in the logits.
"""
import json
from pathlib import Path

import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

TARGET = Path(__file__).resolve().parents[1] / "resources/org/djlgpt/model/huggingface-tiny"
IDS = [[1, 64, 7, 0, 33, 12], [5, 9, 9, 61, 2, 40]]
NEW_TOKENS = 10  # 6 + 10 fill the context of 16


def randomise(model):
    torch.manual_seed(123)
    for name, parameter in model.named_parameters():
        centre = 1.0 if "ln_" in name and name.endswith("weight") else 0.0
        torch.nn.init.normal_(parameter, centre, 0.2)


def greedy(model, ids):
    for _ in range(NEW_TOKENS):
        ids = torch.cat([ids, model(ids).logits[:, -1:].argmax(-1)], 1)
    return ids[:, -NEW_TOKENS:]


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    config = GPT2Config(vocab_size=65, n_positions=16, n_embd=32, n_layer=2, n_head=4,
                        bos_token_id=None, eos_token_id=None)
    model = GPT2LMHeadModel(config)
    randomise(model)
    TARGET.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(TARGET)
    (TARGET / "generation_config.json").unlink(missing_ok=True)

    model = GPT2LMHeadModel.from_pretrained(TARGET).eval()
    ids = torch.tensor(IDS)
    expected = {
        "about": "Logits and greedy continuation that transformers computes with this model; "
                 "made by src/test/python/huggingface_fixture.py",
        "torch": torch.__version__.split("+")[0], "transformers": transformers.__version__,
        "parameterCount": model.num_parameters(), "ids": IDS,
        "logits": [[[float(f"{x:.7g}") for x in token] for token in row] for row in model(ids).logits.tolist()],
        "greedyContinuation": greedy(model, ids).tolist()}
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in expected.items())
    (TARGET / "expected.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
