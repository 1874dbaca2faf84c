"""Losses of direct preference optimization and their gradients, by PyTorch: `python preference_fixture.py`.

Reads models of src/test/resources/org/djlgpt/checkpoint and writes .../training/preferences.json. The reference is the
model, the policy has all of its parameters times 1.25. The loss is the sigmoid loss of TRL's DPOTrainer (Rafailov et al.,
2023, equation 7): -logsigmoid(beta * ((policy chosen - policy rejected) - (reference chosen - reference rejected))).
"""
import copy
import json
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers
from transformers import AutoModelForCausalLM

RESOURCES = Path(__file__).resolve().parents[1] / "resources/org/djlgpt"
BETA = 0.3
IGNORED = -100


def batch(vocabulary):
    """Three pairs, padded on the right: a prompt of 3, 1 and 4 tokens, and answers of 1 to 8."""
    generator = torch.Generator().manual_seed(5)
    ids = torch.randint(vocabulary, (3, 2, 13), generator=generator)
    tokens, targets = ids[..., :-1].clone(), ids[..., 1:].clone()
    for pair, (prompt, answers) in enumerate([(3, (8, 1)), (1, (2, 6)), (4, (5, 5))]):
        tokens[pair, 1, :prompt] = tokens[pair, 0, :prompt]
        targets[pair, :, :prompt - 1] = IGNORED
        for answer in (0, 1):
            end = prompt - 1 + answers[answer]
            targets[pair, answer, end:] = IGNORED
            tokens[pair, answer, end:] = 0
    return tokens, targets


def log_likelihoods(model, tokens, targets):
    log_probabilities = model(tokens.flatten(0, 1)).logits.log_softmax(-1)
    flat = targets.flatten(0, 1)
    taken = log_probabilities.gather(-1, flat.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return taken.where(flat != IGNORED, 0).sum(-1).view(-1, 2)


def case(name):
    reference = AutoModelForCausalLM.from_pretrained(RESOURCES / "checkpoint" / name).eval()
    policy = copy.deepcopy(reference)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.mul_(1.25)
        tokens, targets = batch(reference.config.vocab_size)
        known = log_likelihoods(reference, tokens, targets)
    found = log_likelihoods(policy, tokens, targets)
    rewards = BETA * (found - known)
    loss = -F.logsigmoid(rewards[:, 0] - rewards[:, 1]).mean()
    loss.backward()
    gradients = [parameter.grad for parameter in policy.parameters()]
    embedding = policy.get_input_embeddings().weight.grad
    return {"tokens": tokens.tolist(), "targets": targets.tolist(), "reference": known.tolist(), "policy": found.tolist(),
            "rewards": rewards.tolist(), "loss": loss.item(),
            "gradientNorm": torch.stack([gradient.norm() for gradient in gradients]).norm().item(),
            "embeddingGradient": (embedding @ torch.cos(torch.arange(embedding.size(1)).float())).tolist()}


def main():
    report = {"torch": torch.__version__, "transformers": transformers.__version__, "beta": BETA}
    for name in ("huggingface-tiny", "llama-tiny"):
        report[name] = case(name)
    (RESOURCES / "training").mkdir(exist_ok=True)
    (RESOURCES / "training/preferences.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    torch.set_default_dtype(torch.float32)
    main()
