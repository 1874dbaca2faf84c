"""Tiny folders of the Llama family saved by Hugging Face transformers, for the Java tests: `python llama_fixture.py`.

Writes to src/test/resources/org/djlgpt/checkpoint, one folder for each way in which such folders differ:

  llama-tiny                  float32, an output layer of its own, two queries to a key
  llama3-scaled-sharded-bf16  bfloat16 in several files, heads of their own width, Llama 3's scaled rotation
  llama-linear-rope           a rotation that is slowed down by 4
  mistral-window              a window shorter than the prompts
  qwen2-tiny                  biases of query, key and value layers
  qwen3-f16                   float16, normalized queries and keys, heads of their own width

Beside each lie expected.json (logits, greedy continuation to the end of the context, loss, versions) and
gradients.safetensors (of that loss, by tensor). They are computed in float32 from what is in the folder. Every
parameter is random, biases and norms too, so that a swapped or forgotten one shows. Where the rotation is scaled,
config-old-form.json says the same as config.json in the way of transformers before version 5.
"""
import json

import torch
from safetensors.torch import save_file
from transformers import (AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, MistralConfig,
                          MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM)

from huggingface_fixture import IDS, VERSIONS, expect, save

CLEAR = 1e-3  # the least distance of the likeliest token from the next, many times the rounding of float32

LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 40}  # of 8 pairs one is quick, one is blended, six are slow


def rope(theta, **scaling):
    return {"rope_theta": theta, "rope_type": "default", **scaling}


def random_model(architecture, config, context, rotation, seed=123, **sizes):
    model = architecture(config(
        vocab_size=65, max_position_embeddings=context, hidden_size=24, intermediate_size=40, num_hidden_layers=2,
        num_attention_heads=4, rope_parameters=rotation, bos_token_id=None, eos_token_id=None, **sizes))
    torch.manual_seed(seed)
    for name, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, 1.0 if "norm" in name else 0.0, 0.2)
    return model


@torch.no_grad()
def greedy(model, ids):
    while ids.shape[1] < model.config.max_position_embeddings:
        best = model(ids, use_cache=False).logits[:, -1].topk(2)
        assert (best.values[:, 0] - best.values[:, 1]).min() > CLEAR, "another seed, please"
        ids = torch.cat([ids, best.indices[:, :1]], 1)
    return ids[:, len(IDS[0]):]


def write(name, model, **options):
    folder = save(name, model, **options)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    continuation = greedy(model, torch.tensor(IDS)).tolist()
    expect(folder, model, __file__, greedyContinuation=continuation).loss.backward()
    save_file({name: p.grad for name, p in model.named_parameters()}, folder / "gradients.safetensors",
              metadata=VERSIONS)
    if model.config.rope_parameters["rope_type"] != "default":
        write_old_form(folder)


def write_old_form(folder):
    config = json.loads((folder / "config.json").read_text())
    scaling = config.pop("rope_parameters")
    config["rope_theta"] = scaling.pop("rope_theta")
    if scaling["rope_type"] == "linear":
        scaling["type"] = scaling.pop("rope_type")  # its name when there was nothing else
    config["rope_scaling"] = scaling
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.44.2"
    (folder / "config-old-form.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")

    new, old = (AutoModelForCausalLM.from_pretrained(folder, config=AutoConfig.from_pretrained(folder / file),
                                                     dtype=torch.float32)
                for file in ("config.json", "config-old-form.json"))
    assert torch.equal(new(torch.tensor(IDS)).logits, old(torch.tensor(IDS)).logits)


def main():
    torch.set_num_threads(1)
    write("llama-tiny", random_model(
        LlamaForCausalLM, LlamaConfig, 80, rope(10000.0), num_key_value_heads=2, rms_norm_eps=1e-5,
        tie_word_embeddings=False))
    write("llama3-scaled-sharded-bf16", random_model(
        LlamaForCausalLM, LlamaConfig, 80, rope(500000.0, **LLAMA3), num_key_value_heads=2, head_dim=16,
        tie_word_embeddings=True).bfloat16(), max_shard_size="12KB")
    write("llama-linear-rope", random_model(
        LlamaForCausalLM, LlamaConfig, 32, rope(10000.0, rope_type="linear", factor=4.0), num_key_value_heads=4,
        tie_word_embeddings=True))
    write("mistral-window", random_model(
        MistralForCausalLM, MistralConfig, 80, rope(10000.0), seed=125, num_key_value_heads=2, sliding_window=4,
        head_dim=None, tie_word_embeddings=False))
    write("qwen2-tiny", random_model(
        Qwen2ForCausalLM, Qwen2Config, 32, rope(1000000.0), num_key_value_heads=1, tie_word_embeddings=True))
    write("qwen3-f16", random_model(
        Qwen3ForCausalLM, Qwen3Config, 32, rope(1000000.0), num_key_value_heads=2, head_dim=16,
        tie_word_embeddings=False).half())


if __name__ == "__main__":
    main()
