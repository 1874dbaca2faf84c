"""Reference figures of the blocks that models are made of, by PyTorch and transformers: `python block_reference.py`.

Writes src/test/resources/org/djlgpt/model/block-reference.json. What a block is given and its weights are random; the
file holds them with the output, and with the gradients of sum(output * mix) where a case has a "mix".
"""
import json
from pathlib import Path

import torch
import transformers
from torch import nn
from torch.nn import functional as F
from transformers import LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config
from transformers.activations import ACT2FN
from transformers.models.llama.modeling_llama import (LlamaAttention, LlamaMLP, LlamaRotaryEmbedding,
                                                      apply_rotary_pos_emb)
from transformers.models.mistral.modeling_mistral import MistralAttention
from transformers.models.qwen2.modeling_qwen2 import Qwen2Attention
from transformers.models.qwen3.modeling_qwen3 import Qwen3Attention

from gpt_reference import layout, plain

TARGET = Path(__file__).resolve().parents[1] / "resources/org/djlgpt/model/block-reference.json"
TOKENS, WIDTH, HEADS = 7, 8, 4
ACTIVATIONS = {"GELU_TANH": "gelu_new", "GELU": "gelu", "RELU": "relu", "SILU": "silu"}


def randomized(module):
    for name, parameter in module.named_parameters():
        nn.init.normal_(parameter, 1.0 if "norm" in name else 0.0, 0.3)
    return module


def with_gradients(module, x, run):
    """The module's weights, what it makes of x, and the gradients of a mix of that."""
    x = x.requires_grad_()
    y = run(x)
    mix = torch.randn(y.shape)
    (y * mix).sum().backward()
    return {"input": x.detach(), "parameters": {n: p.detach() for n, p in module.named_parameters()},
            "output": y.detach(), "mix": mix, "inputGradient": x.grad,
            "gradients": {n: p.grad for n, p in module.named_parameters()}}


# ---------------------------------------------------------------- norms

def norms():
    out = {}
    for name, epsilon in (("rms", 1e-6), ("rmsWithLargeEpsilon", 1e-1)):
        norm = randomized(nn.RMSNorm(5, eps=epsilon))
        out[name] = {"epsilon": epsilon, **with_gradients(norm, torch.randn(2, 3, 5), norm)}
    for name, epsilon, bias in (("layer", 1e-1, True), ("layerWithoutBias", 1e-5, False)):
        norm = randomized(nn.LayerNorm(5, eps=epsilon, bias=bias))
        out[name] = {"epsilon": epsilon, **with_gradients(norm, torch.randn(2, 3, 5), norm)}
    small = torch.randn(2, 5) * 1e-4
    scale = torch.randn(5)
    out["rmsOfSmallNumbers"] = {"epsilon": 1e-6, "input": small, "parameters": {"weight": scale},
                                "output": F.rms_norm(small, [5], scale, 1e-6)}
    return out


# ---------------------------------------------------------------- rotation

def rotations():
    scalings = {
        "default": (10000.0, {"rope_type": "default"}),
        "largeBase": (1000000.0, {"rope_type": "default"}),
        "linear": (10000.0, {"rope_type": "linear", "factor": 4.0}),
        "llama3": (500000.0, {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                              "original_max_position_embeddings": 40})}
    out = {}
    for name, (base, scaling) in scalings.items():
        config = LlamaConfig(hidden_size=16, num_attention_heads=1, max_position_embeddings=131072,
                             rope_parameters={"rope_theta": base, **scaling})
        rotary = LlamaRotaryEmbedding(config)
        x = torch.randn(1, 2, 3, 16)
        out[name] = {"base": base, **scaling, "frequencies": rotary.inv_freq, "input": x, "outputs": {
            str(start): apply_rotary_pos_emb(x, x, *rotary(x, start + torch.arange(3)[None]))[0]
            for start in (0, 1, 29, 255, 4094, 100000)}}
    return out


# ---------------------------------------------------------------- attention

def attention(architecture, config, heads_of_keys, window=None, **settings):
    config = config(vocab_size=65, hidden_size=WIDTH, num_attention_heads=HEADS, num_key_value_heads=heads_of_keys,
                    max_position_embeddings=TOKENS, num_hidden_layers=1, attn_implementation="eager",
                    rope_parameters={"rope_theta": 10000.0, "rope_type": "default"}, **settings)
    block = randomized(architecture(config, 0))
    rotary = LlamaRotaryEmbedding(config)
    x = torch.randn(2, TOKENS, WIDTH)
    age = torch.arange(TOKENS)[:, None] - torch.arange(TOKENS)
    hidden = (age < 0) | (age >= (window or TOKENS))
    mask = torch.zeros(TOKENS, TOKENS).masked_fill(hidden, -torch.inf)[None, None]
    places = rotary(x, torch.arange(TOKENS)[None])
    weights = block(x, places, mask)[1]
    return {"numHeads": HEADS, "numKeyValueHeads": heads_of_keys, "headDim": block.head_dim,
            **({"slidingWindow": window} if window else {}),
            **({"normEpsilon": config.rms_norm_eps} if architecture is Qwen3Attention else {}),
            "attentionWeights": weights.detach(),
            **with_gradients(block, x, lambda x: block(x, places, mask)[0])}


def attentions():
    return {
        "ungrouped": attention(LlamaAttention, LlamaConfig, 4),
        "grouped": attention(LlamaAttention, LlamaConfig, 2),
        "multiQuery": attention(LlamaAttention, LlamaConfig, 1),
        "ownHeadDim": attention(LlamaAttention, LlamaConfig, 2, head_dim=6),
        "window": attention(MistralAttention, MistralConfig, 2, window=3, head_dim=None),
        "bias": attention(Qwen2Attention, Qwen2Config, 2),
        "normalized": attention(Qwen3Attention, Qwen3Config, 2, head_dim=6)}


# ---------------------------------------------------------------- feed-forward networks

class FeedForward(nn.Module):
    def __init__(self, width, hidden, bias, activation):
        super().__init__()
        self.up = nn.Linear(width, hidden, bias=bias)
        self.down = nn.Linear(hidden, width, bias=bias)
        self.activation = ACT2FN[activation]

    def forward(self, x):
        return self.down(self.activation(self.up(x)))


def feed_forwards():
    gated = randomized(LlamaMLP(LlamaConfig(hidden_size=WIDTH, num_attention_heads=HEADS, intermediate_size=11)))
    out = {"gated": with_gradients(gated, torch.randn(2, 3, WIDTH), gated)}
    for name, activation in ACTIVATIONS.items():
        for bias in (True, False):
            plain_one = randomized(FeedForward(4, 7, bias, activation))
            out[name + ("" if bias else "WithoutBias")] = {
                "activation": name, "bias": bias, **with_gradients(plain_one, 2 * torch.randn(2, 3, 4), plain_one)}
    return out


def activations():
    x = torch.tensor([-20.0, -4.0, -1.5, -0.7, -1e-3, 0.0, 0.2, 1.0, 1.5, 3.0, 20.0])
    return {"input": x, **{name: ACT2FN[activation](x) for name, activation in ACTIVATIONS.items()}}


def main():
    torch.set_num_threads(1)
    torch.manual_seed(123)
    figures = {
        "about": "Figures that PyTorch and transformers compute; made by src/test/python/block_reference.py. float32, 7 "
                 "significant digits. Linear weights are (out, in); gradients are those of sum(output * mix).",
        "torch": torch.__version__.split("+")[0], "transformers": transformers.__version__,
        "norms": norms(), "rotations": rotations(), "attentions": attentions(), "feedForwards": feed_forwards(),
        "activations": activations()}
    TARGET.write_text(layout(plain(figures)) + "\n")


if __name__ == "__main__":
    main()
