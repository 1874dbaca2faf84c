"""The work of `gpt bench` in PyTorch, transformers, PEFT and CTranslate2, for benchmark_peers.py.

A peer is a function that makes what its runs share and returns these runs. A run returns milliseconds by phase, the
phases being those of `gpt bench`. Weights and tokens are random, dropout is 0.
"""
import shutil
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

FORWARD, BOTH, STEP, PROMPT, TOKEN = "forward", "forward and backward", "step", "prompt", "token"
PROMPT_LENGTH, NEW_TOKENS, BATCH = 512, 17, 8
GPT2 = {"vocab_size": 50257, "context": 1024, "width": 768, "heads": 12, "layers": 12}
DEFAULT = {"vocab_size": 103, "context": 64, "width": 128, "heads": 4, "layers": 4}
SMALLEST = {"vocab_size": 65, "context": 1024, "width": 64, "heads": 4, "layers": 2}


class CausalAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x):  # (B, T, E) to the same
        b, t, e = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, e // self.heads).permute(2, 0, 3, 1, 4)  # each (B, H, T, D)
        context = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(context.transpose(1, 2).reshape(b, t, e))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), CausalAttention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))


class Gpt(nn.Module):
    """GPT-2 as one writes it in PyTorch; the output layer's weights are the embedding's."""

    def __init__(self, vocab_size, context, width, heads, layers):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocab_size, width), nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        for weight in self.parameters():
            if weight.dim() > 1:  # of spread 1, logits would make gradients denormal, which takes five times as long
                nn.init.normal_(weight, std=0.02)

    def forward(self, ids, targets):  # (B, T) twice, to the loss
        x = self.tokens(ids) + self.positions.weight[:ids.shape[1]]
        logits = F.linear(self.norm(self.blocks(x)), self.tokens.weight)  # (B, T, V)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def timed(phase, work):
    def run():
        begin = time.perf_counter()
        work()
        return {phase: [1e3 * (time.perf_counter() - begin)]}
    return run


def differentiable(computation, leaves):
    """Forward, and forward and backward from a dense gradient."""
    weights = torch.randn_like(leaves[0])

    @torch.no_grad()
    def forward():
        computation()

    def both():
        torch.autograd.grad((computation() * weights).sum(), leaves)
    return [timed(FORWARD, forward), timed(BOTH, both)]


def attention():
    q, k, v = (torch.randn(8, 12, 1024, 64, requires_grad=True) for _ in range(3))
    return differentiable(lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True), [q, k, v])


def attention_block():
    block, x = CausalAttention(768, 12), torch.randn(8, 1024, 768, requires_grad=True)
    return differentiable(lambda: block(x), [x, *block.parameters()])


def training(model, loss, vocab_size, batch, length):
    """Steps as those of `gpt train`: fused AdamW, gradients clipped, the loss read."""
    trained = [p for p in model.parameters() if p.requires_grad]
    matrices, vectors = [p for p in trained if p.dim() > 1], [p for p in trained if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": matrices}, {"params": vectors, "weight_decay": 0.0}],
                                  lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1, fused=True)

    def step():
        ids, targets = torch.randint(vocab_size, (2, batch, length))
        value = loss(ids, targets)
        value.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        value.item()
    return [timed(STEP, step)]


def training_in_torch(sizes, batch, length, compiled=False):
    model = Gpt(**sizes)
    return training(model, torch.compile(model) if compiled else model, sizes["vocab_size"], batch, length)


def transformers_gpt2(sizes):
    from transformers import GPT2Config, GPT2LMHeadModel
    return GPT2LMHeadModel(GPT2Config(
        vocab_size=sizes["vocab_size"], n_positions=sizes["context"], n_embd=sizes["width"], n_head=sizes["heads"],
        n_layer=sizes["layers"], resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0))


def transformers_llama():
    from transformers import LlamaConfig, LlamaForCausalLM
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=50257, max_position_embeddings=1024, hidden_size=768, intermediate_size=2432,
        num_attention_heads=12, num_key_value_heads=4, num_hidden_layers=12, tie_word_embeddings=True))


def training_in_transformers(create):
    model = create().train()
    return training(model, lambda ids, targets: model(ids, labels=targets, use_cache=False).loss, 50257, 4, 256)


def lora():
    """PEFT's adapter of the one layer that transformers has for queries, keys and values; ours leaves out the keys."""
    from peft import LoraConfig, get_peft_model
    config = LoraConfig(r=16, lora_alpha=32, target_modules=["c_attn"], fan_in_fan_out=True, task_type="CAUSAL_LM")
    return get_peft_model(transformers_gpt2(GPT2), config)


def adamw(**implementation):
    parameters = list(Gpt(**GPT2).parameters())
    for parameter in parameters:
        parameter.grad = torch.randn_like(parameter)
    return [timed(STEP, torch.optim.AdamW(parameters, **implementation).step)]


class Clock:
    """Hears of each token, as a streamer of transformers or a callback of CTranslate2."""

    def __init__(self):
        self.times = []

    def put(self, ids):  # the prompt first
        self.times.append(time.perf_counter())

    def end(self):
        pass

    def __call__(self, result):
        if result.batch_id == 0:
            self.put(None)
        return False

    def phases(self):
        begin, first, *_ = self.times
        return {PROMPT: [1e3 * (first - begin)], TOKEN: [1e3 * (b - a) for a, b in pairwise(self.times[1:])]}


def writing_in_transformers(sizes, prompt, tokens, batch=1, dtype=torch.float32):
    model = transformers_gpt2(sizes).eval().to(dtype)
    model.generation_config.eos_token_id = None
    ids = torch.randint(sizes["vocab_size"], (batch, prompt))

    def run():
        clock = Clock()
        model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=tokens,
                       pad_token_id=0, streamer=clock)
        return clock.phases()
    return [run]


def writing_in_ctranslate2(sizes, prompt, tokens, batch=1, compute_type="float32", folder=None):
    import ctranslate2
    if not folder.exists():
        converting = get_context("spawn").Process(target=convert, args=(sizes, folder))  # its memory is not ours
        converting.start()
        converting.join()
    generator = ctranslate2.Generator(
        str(folder), compute_type=compute_type, inter_threads=1, intra_threads=torch.get_num_threads())
    words = [list(map(str, row)) for row in torch.randint(1, sizes["vocab_size"], (batch, prompt)).tolist()]

    def run():
        clock = Clock()
        clock.put(words)
        generator.generate_batch(words, include_prompt_in_result=False, min_length=tokens, max_length=tokens,
                                 callback=clock)
        return clock.phases()
    return [run]


def convert(sizes, folder):
    """Saves a model for CTranslate2, which wants a tokenizer beside it: one of words "0", "1", ..."""
    import ctranslate2
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast, logging
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as checkpoint:
        transformers_gpt2(sizes).save_pretrained(checkpoint)
        words = models.WordLevel({str(i): i for i in range(sizes["vocab_size"])}, unk_token="0")
        PreTrainedTokenizerFast(tokenizer_object=Tokenizer(words), unk_token="0", bos_token="0",
                                eos_token="0").save_pretrained(checkpoint)
        converted = ctranslate2.converters.TransformersConverter(checkpoint).convert(f"{checkpoint}/converted")
        shutil.move(converted, folder)


@dataclass
class Job:
    """A row of `gpt bench`, what is printed of it, and its peers by the names under which they are printed."""
    row: str
    figures: list
    peers: dict


@dataclass
class Figure:
    """What is printed of a phase; the tokens of a run, if any, give a rate."""
    work: str
    phase: str
    tokens: int = 0


def attention_job(row, work, peer):
    return Job(row, [Figure(f"{work}, forward", FORWARD), Figure(f"{work}, with backward", BOTH)], {"torch": peer})


def training_job(row, work, tokens, peers):
    return Job(row, [Figure(work, STEP, tokens)], peers)


def writing_job(name, batch, peers):
    return Job(f"generation: {name}", [
        Figure(f"GPT-2 124M, {name}, prompt of {PROMPT_LENGTH}", PROMPT, PROMPT_LENGTH * batch),
        Figure(f"GPT-2 124M, {name}, token behind it", TOKEN, batch)], peers)


def jobs(folder):
    """All of them; the folder is for converted models."""
    gpt2_step = partial(training_in_torch, GPT2, 4, 256)
    default_step = partial(training_in_torch, DEFAULT, 12, 64)
    fixed_step = partial(training_in_torch, SMALLEST | {"layers": 1, "context": 16}, 1, 16)
    transformers = partial(writing_in_transformers, GPT2, PROMPT_LENGTH, NEW_TOKENS)
    ctranslate2 = partial(writing_in_ctranslate2, GPT2, PROMPT_LENGTH, NEW_TOKENS, folder=folder / "gpt2")
    return [
        attention_job("attention: fused float32", "attention (8, 12, 1024, 64)", attention),
        attention_job("attention block: MultiHeadAttention float32", "attention block (8, 1024, 768)", attention_block),
        training_job("GPT-2: float32", "GPT-2 124M, step of 4 x 256", 1024, {
            "torch": gpt2_step, "torch.compile": partial(gpt2_step, compiled=True),
            "transformers": partial(training_in_transformers, partial(transformers_gpt2, GPT2))}),
        training_job("Llama: float32", "Llama 124M, step of 4 x 256", 1024, {
            "transformers": partial(training_in_transformers, transformers_llama)}),
        training_job("LoRA: float32", "GPT-2 124M with LoRA, step of 4 x 256", 1024, {
            "peft": partial(training_in_transformers, lora)}),
        training_job("default job: float32", "default model, step of 12 x 64", 768, {
            "torch": default_step, "torch.compile": partial(default_step, compiled=True)}),
        training_job("fixed overhead: float32", "1-layer model, step of 1 x 16", 16, {"torch": fixed_step}),
        training_job("optimizer: fused AdamW", "AdamW over 124M parameters", 0, {
            "torch fused": partial(adamw, fused=True), "torch foreach": partial(adamw, foreach=True)}),
        writing_job("float32", 1, {"transformers": transformers, "ctranslate2": ctranslate2}),
        writing_job("bfloat16", 1, {"transformers": partial(transformers, dtype=torch.bfloat16)}),
        writing_job("int8", 1, {"ctranslate2": partial(ctranslate2, compute_type="int8")}),
        writing_job(f"bfloat16 x {BATCH}", BATCH, {
            "transformers": partial(transformers, batch=BATCH, dtype=torch.bfloat16)}),
        writing_job(f"int8 x {BATCH}", BATCH, {
            "ctranslate2": partial(ctranslate2, batch=BATCH, compute_type="int8")}),
        Job("token overhead: float32", [Figure("2-layer model, token", TOKEN, 1)], {
            "transformers": partial(writing_in_transformers, SMALLEST, 1, 500),
            "ctranslate2": partial(writing_in_ctranslate2, SMALLEST, 1, 500, folder=folder / "smallest")})]
