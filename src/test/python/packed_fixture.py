"""Several sequences in a row that do not see each other, by Hugging Face transformers: `python packed_fixture.py`.

Writes src/test/resources/org/djlgpt/tuning/packed.json: for some of the folders beside org/djlgpt/checkpoint what their
models make of two rows of 15 tokens, with a mask that is zero on blocks along the diagonal only and positions that
begin anew in each. `losses` are the cross-entropies of the tokens, the last of each sequence excepted, which has no
target; `gradients` are the norms of the gradients of their mean, by tensor.
"""
import json
import pathlib

import torch
import transformers
from transformers import AutoModelForCausalLM

RESOURCES = pathlib.Path(__file__).resolve().parents[1] / "resources/org/djlgpt"
FOLDERS = ["huggingface-tiny", "llama-tiny", "mistral-window", "qwen3-f16"]
LENGTHS = [[4, 1, 6, 4], [7, 8]]
IGNORED = -100


def mask(positions, window):
    """(B, 1, T, T), zero where a token sees another and minus infinity elsewhere."""
    sequences = (positions == 0).cumsum(1)
    same = sequences[:, :, None] == sequences[:, None, :]
    place = torch.arange(positions.shape[1])
    age = place[:, None] - place
    seen = same & (age >= 0) & (age < window)
    return torch.where(seen, 0.0, float("-inf"))[:, None]


def figures(folder):
    model = AutoModelForCausalLM.from_pretrained(
        RESOURCES / "checkpoint" / folder, dtype=torch.float32, attn_implementation="eager").eval()
    window = getattr(model.config, "sliding_window", None) or 1000
    torch.manual_seed(7)
    ids = torch.randint(0, model.config.vocab_size, (2, sum(LENGTHS[0])))
    positions = torch.stack([torch.cat([torch.arange(n) for n in lengths]) for lengths in LENGTHS])
    targets = torch.full_like(ids, IGNORED)
    inside = positions[:, 1:] > 0
    targets[:, :-1][inside] = ids[:, 1:][inside]
    logits = model(ids, attention_mask=mask(positions, window), position_ids=positions, use_cache=False).logits
    losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none", ignore_index=IGNORED)
    check(model, ids, positions, logits)
    (losses.sum() / (targets != IGNORED).sum()).backward()
    return {"ids": ids.tolist(), "positions": positions.tolist(), "targets": targets.tolist(),
            "losses": [[round(x, 6) for x in row] for row in losses.tolist()],
            "gradients": {name: round(p.grad.norm().item(), 6) for name, p in model.named_parameters()}}


@torch.no_grad()
def check(model, ids, positions, logits):
    """The mask does what it should: each sequence alone has the same logits."""
    for row, lengths in enumerate(LENGTHS):
        start = 0
        for length in lengths:
            alone = model(ids[row:row + 1, start:start + length], use_cache=False).logits[0]
            assert torch.allclose(alone, logits[row, start:start + length], atol=1e-4), (row, start)
            start += length


target = RESOURCES / "tuning" / "packed.json"
target.parent.mkdir(exist_ok=True)
versions = {"torch": torch.__version__, "transformers": transformers.__version__}
target.write_text(json.dumps({"versions": versions, **{folder: figures(folder) for folder in FOLDERS}}) + "\n")
