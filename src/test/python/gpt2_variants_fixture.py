"""Tiny GPT-2 folders that differ from GPT-2's own in one setting: `python gpt2_variants_fixture.py`.

Writes to src/test/resources/org/djlgpt/checkpoint, one folder for each setting of config.json that a model may have and
OpenAI's have not, with expected.json (logits, loss, versions) beside it. Every parameter is random, as in
huggingface_fixture.py.
"""
import torch
from transformers import GPT2LMHeadModel

from huggingface_fixture import expect, random_model, save

VARIANTS = {
    "gpt2-inner": {"n_inner": 20},
    "gpt2-epsilon": {"layer_norm_epsilon": 1e-3},
    "gpt2-gelu": {"activation_function": "gelu"},
    "gpt2-relu": {"activation_function": "relu"},
    "gpt2-gelu-pytorch-tanh": {"activation_function": "gelu_pytorch_tanh"},
    "gpt2-pdrops": {"embd_pdrop": 0.1, "attn_pdrop": 0.2, "resid_pdrop": 0.3},
    "gpt2-untied": {"tie_word_embeddings": False},
}


@torch.no_grad()
def write(name, settings):
    model = random_model(n_embd=8, n_head=2, **settings)
    for block in model.transformer.h:
        block.mlp.c_fc.weight *= 4  # to where activations differ
    model.transformer.ln_f.weight *= 10  # and to where logits show it
    folder = save(name, model)
    return expect(folder, GPT2LMHeadModel.from_pretrained(folder).eval(), __file__).logits


def main():
    torch.set_num_threads(1)
    logits = {name: write(name, settings) for name, settings in VARIANTS.items()}
    plain = logits.pop("gpt2-pdrops")  # dropout changes nothing outside training
    for name in ("gpt2-epsilon", "gpt2-gelu", "gpt2-relu"):
        change = (logits[name] - plain).abs().max()
        assert change > 1e-3, f"{name} changes next to nothing: {change}"


if __name__ == "__main__":
    main()
