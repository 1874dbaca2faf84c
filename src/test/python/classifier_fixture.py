"""Tiny classifiers saved by Hugging Face transformers, for the Java tests: `python classifier_fixture.py`.

Writes to src/test/resources/org/djlgpt/checkpoint, one folder for each way in which such folders differ:

  classifier-gpt2          three labels with names, padded with the last id
  classifier-gpt2-default  two labels of which config.json says nothing, and no padding id
  classifier-llama         two labels, an output layer that would not be tied
  classifier-mistral       bfloat16, a window shorter than the rows
  classifier-qwen2         biases of query, key and value layers, padded with id 0
  classifier-qwen3-f16     float16, four labels

Beside each lie expected.json (token ids, what the labels are, logits, loss, versions) and gradients.safetensors (of
that loss, by tensor). They are computed in float32 from what is in the folder. Rows are padded on the right, one not at
all, and one of GPT-2's has a padding id between its tokens (the others' embeddings give that id no gradient in
transformers, where it would show). Every parameter is random, biases and norms too.
"""
import json

import torch
from safetensors.torch import save_file
from transformers import (AutoModelForSequenceClassification, GPT2Config, GPT2ForSequenceClassification, LlamaConfig,
                          LlamaForSequenceClassification, MistralConfig, MistralForSequenceClassification, Qwen2Config,
                          Qwen2ForSequenceClassification, Qwen3Config, Qwen3ForSequenceClassification)

from huggingface_fixture import VERSIONS, save

VOCABULARY = 40
ROWS = [[1, 34, 7, 3, 33, 12, 2], [5, 9, 9, 31], [8], [17, None, 4, 11, 6]]
HIDDEN = {"n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 12}
LLAMA = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 12,
         "intermediate_size": 24, "num_key_value_heads": 1}


def random_model(architecture, config, pad, labels=None, seed=123, **sizes):
    names = {} if labels is None else {"id2label": dict(enumerate(labels)),
                                       "label2id": {label: i for i, label in enumerate(labels)}}
    model = architecture(config(vocab_size=VOCABULARY, bos_token_id=None, eos_token_id=None, pad_token_id=pad,
                                **names, **sizes))
    torch.manual_seed(seed)
    for name, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, 1.0 if "norm" in name or "ln_" in name else 0.0, 0.2)
    return model


def padded(pad, between):
    if pad is None:
        return [ROWS[0]]
    longest = max(map(len, ROWS))
    return [[between if token is None else token for token in row] + [pad] * (longest - len(row)) for row in ROWS]


def write(name, model):
    folder = save(name, model)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    pad = model.config.pad_token_id
    ids = padded(pad, pad if name == "classifier-gpt2" else 20)
    targets = [row % model.config.num_labels for row in range(1, len(ids) + 1)]
    output = model(torch.tensor(ids), labels=torch.tensor(targets))
    expected = {
        "about": "What transformers computes with this classifier; made by src/test/python/classifier_fixture.py",
        **VERSIONS, "parameterCount": model.num_parameters(), "ids": ids, "targets": targets,
        "labels": [model.config.id2label[i] for i in range(model.config.num_labels)],
        "logits": [[float(f"{x:.7g}") for x in row] for row in output.logits.tolist()], "loss": output.loss.item()}
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in expected.items())
    (folder / "expected.json").write_text(f"{{\n{lines}\n}}\n")
    output.loss.backward()
    save_file({name: p.grad for name, p in model.named_parameters()}, folder / "gradients.safetensors",
              metadata=VERSIONS)


def main():
    torch.set_num_threads(1)
    write("classifier-gpt2", random_model(
        GPT2ForSequenceClassification, GPT2Config, 39, ["ham", "spam", "eggs"], **HIDDEN))
    write("classifier-gpt2-default", random_model(GPT2ForSequenceClassification, GPT2Config, None, **HIDDEN))
    write("classifier-llama", random_model(
        LlamaForSequenceClassification, LlamaConfig, 39, ["bad", "good"], tie_word_embeddings=False, **LLAMA))
    write("classifier-mistral", random_model(
        MistralForSequenceClassification, MistralConfig, 39, ["bad", "good"], sliding_window=3, head_dim=None,
        **LLAMA).bfloat16())
    write("classifier-qwen2", random_model(
        Qwen2ForSequenceClassification, Qwen2Config, 0, ["bad", "good", "so so"], **LLAMA))
    write("classifier-qwen3-f16", random_model(
        Qwen3ForSequenceClassification, Qwen3Config, 39, ["north", "east", "south", "west"], head_dim=8,
        **LLAMA).half())


if __name__ == "__main__":
    main()
