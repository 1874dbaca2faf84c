"""Tied models as safetensors' save_model writes them, for the Java tests: `python save_model_fixture.py`.

Writes gpt2-save-model and llama-save-model to src/test/resources/org/djlgpt/checkpoint. Of the two names of the tied
tensor such a file keeps one, and notes the other in its metadata. expected.json has the logits.
"""
import json
import shutil
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_model
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from huggingface_fixture import IDS, random_model
from llama_fixture import rope

TARGET = Path(__file__).resolve().parents[1] / "resources/org/djlgpt/checkpoint"


def llama():
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=65, max_position_embeddings=16, hidden_size=8, intermediate_size=12, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, rope_parameters=rope(10000.0), tie_word_embeddings=True,
        bos_token_id=None, eos_token_id=None))
    torch.manual_seed(123)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 0.5, 0.2)
    return model


@torch.no_grad()
def write(name, model, embedding):
    folder = TARGET / name
    shutil.rmtree(folder, ignore_errors=True)
    model.eval().config.save_pretrained(folder)
    save_model(model, str(folder / "model.safetensors"))
    with safe_open(folder / "model.safetensors", "pt") as file:
        assert file.metadata()[embedding] == "lm_head.weight" and embedding not in file.keys(), file.metadata()
    logits = model(torch.tensor(IDS)).logits
    (folder / "expected.json").write_text(json.dumps({
        "about": "What transformers computes with this model; made by src/test/python/save_model_fixture.py",
        "parameterCount": model.num_parameters(), "ids": IDS,
        "logits": [[[float(f"{x:.7g}") for x in token] for token in row] for row in logits.tolist()]}) + "\n")


def main():
    torch.set_num_threads(1)
    write("gpt2-save-model", random_model(n_embd=8, n_head=2), "transformer.wte.weight")
    write("llama-save-model", llama(), "model.embed_tokens.weight")


if __name__ == "__main__":
    main()
