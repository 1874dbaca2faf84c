"""What searches find with the tiny GPT-2 of huggingface_fixture.py: `python huggingface_search.py`.

Writes src/test/resources/org/djlgpt/generation/searches.json. Beam search is that of transformers. Contrastive search
(Su et al., "A Contrastive Framework for Neural Text Generation", 2022, equation 5) is written out below, without a
cache: among the K likeliest tokens, the one with the highest (1 - alpha) p(token) - alpha max cos(h_token, h_earlier).
"""
import json
from pathlib import Path

import torch
import transformers
from transformers import GPT2LMHeadModel

RESOURCES = Path(__file__).resolve().parents[1] / "resources/org/djlgpt"
PROMPTS = [[1, 64, 7, 0, 33, 12], [5, 9], [40, 40, 2, 17]]
LENGTH = 16  # of the longest prompt with its continuation
BEAMS = 3
K, ALPHA = 4, 0.6


def beams(model, prompt, new_tokens):
    found = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                           num_beams=BEAMS, num_return_sequences=BEAMS, max_new_tokens=new_tokens, do_sample=False,
                           length_penalty=0.0)
    return found[:, len(prompt):].tolist()


def greedy(model, prompt, new_tokens):
    ids = torch.tensor([prompt])
    for _ in range(new_tokens):
        ids = torch.cat([ids, model(ids).logits[:, -1:].argmax(-1)], 1)
    return ids[0, len(prompt):].tolist()


def contrastive(model, prompt, new_tokens):
    ids = list(prompt)
    for _ in range(new_tokens):
        probability, candidates = model(torch.tensor([ids])).logits[0, -1].softmax(-1).topk(K)
        scores = []
        for p, candidate in zip(probability, candidates):
            states = model.transformer(torch.tensor([ids + [candidate]])).last_hidden_state[0]
            similar = torch.cosine_similarity(states[-1:], states[:-1]).max()
            scores.append((1 - ALPHA) * p - ALPHA * similar)
        ids.append(int(candidates[torch.stack(scores).argmax()]))
    return ids[len(prompt):]


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    model = GPT2LMHeadModel.from_pretrained(RESOURCES / "checkpoint/huggingface-tiny").eval()
    new_tokens = LENGTH - max(map(len, PROMPTS))
    expected = {
        "about": "Continuations that searches find with the model in ../checkpoint/huggingface-tiny, for each prompt; "
                 "made by src/test/python/huggingface_search.py",
        "torch": torch.__version__.split("+")[0], "transformers": transformers.__version__,
        "prompts": PROMPTS, "length": LENGTH, "beams": BEAMS, "k": K, "alpha": ALPHA,
        "greedy": [greedy(model, prompt, new_tokens) for prompt in PROMPTS],
        "beam": [beams(model, prompt, new_tokens) for prompt in PROMPTS],
        "contrastive": [contrastive(model, prompt, new_tokens) for prompt in PROMPTS]}
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in expected.items())
    (RESOURCES / "generation/searches.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
