"""Tiny GPT-2 folders saved by Hugging Face transformers, for the Java tests: `python huggingface_fixture.py`.

Writes to src/test/resources/org/djlgpt/checkpoint, one folder for each way in which such folders differ:

  huggingface-tiny           one file of float32, tied output layer
  huggingface-base-f16       float16, saved by the base model, so without "transformer." in front of the names
  huggingface-sharded-bf16   bfloat16 in several files, with an output layer of its own

Beside each lie expected.json (logits, greedy continuation, loss, versions) and gradients.safetensors (of that loss, by
tensor). They are computed in float32 from what is in the folder. Every parameter is random, biases and norms too, so
that a swapped or forgotten one shows.
"""
import json
import shutil
from pathlib import Path

import safetensors
import torch
import transformers
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel

TARGET = Path(__file__).resolve().parents[1] / "resources/org/djlgpt/checkpoint"
VERSIONS = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__,
            "safetensors": safetensors.__version__}
IDS = [[1, 64, 7, 0, 33, 12], [5, 9, 9, 61, 2, 40]]
NEW_TOKENS = 10  # 6 + 10 fill the context of 16


def random_model(**sizes):
    model = GPT2LMHeadModel(GPT2Config(
        vocab_size=65, n_positions=16, n_layer=2, bos_token_id=None, eos_token_id=None, **sizes))
    torch.manual_seed(123)
    for name, parameter in model.named_parameters():
        centre = 1.0 if "ln_" in name and name.endswith("weight") else 0.0
        torch.nn.init.normal_(parameter, centre, 0.2)
    return model


@torch.no_grad()
def greedy(model, ids):
    for _ in range(NEW_TOKENS):
        ids = torch.cat([ids, model(ids).logits[:, -1:].argmax(-1)], 1)
    return ids[:, -NEW_TOKENS:]


def save(name, model, **options):
    folder = TARGET / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, **options)
    (folder / "generation_config.json").unlink(missing_ok=True)
    return folder


def expect(folder, model, script, **more):
    """Writes expected.json and returns the output that it comes from."""
    ids = torch.tensor(IDS)
    output = model(ids, labels=ids)  # the loss of each token but the first
    expected = {
        "about": f"What transformers computes with this model; made by src/test/python/{Path(script).name}",
        **VERSIONS, "parameterCount": model.num_parameters(), "ids": IDS,
        "logits": [[[float(f"{x:.7g}") for x in token] for token in row] for row in output.logits.tolist()],
        **more, "loss": output.loss.item()}
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in expected.items())
    (folder / "expected.json").write_text(f"{{\n{lines}\n}}\n")
    return output


def write(name, model, **options):
    folder = save(name, model, **options)
    model = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32).eval()
    continuation = greedy(model, torch.tensor(IDS)).tolist()
    expect(folder, model, __file__, greedyContinuation=continuation).loss.backward()
    gradients = {name.removeprefix("transformer."): p.grad for name, p in model.named_parameters()}
    save_file(gradients, folder / "gradients.safetensors", metadata=VERSIONS)


def main():
    torch.set_num_threads(1)
    write("huggingface-tiny", random_model(n_embd=32, n_head=4))
    write("huggingface-base-f16", random_model(n_embd=16, n_head=4).half().transformer)
    write("huggingface-sharded-bf16",
          random_model(n_embd=16, n_head=2, tie_word_embeddings=False).bfloat16(), max_shard_size="8KB")


if __name__ == "__main__":
    main()
