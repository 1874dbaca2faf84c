"""Special tokens that `gpt tokenizer add` has given to models, as transformers reads them.

`python added_tokens_check.py make DIR` writes two small models with random weights, DIR/gpt2 with a tied output and
DIR/llama without. After `gpt tokenizer add --model DIR/gpt2 --special-token '<|im_start|>' --special-token '<|im_end|>'
--out DIR/gpt2-grown`, and the same for llama, `python added_tokens_check.py check DIR` compares them.
"""
import sys
from pathlib import Path

import torch
from transformers import (AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM,
                          PreTrainedTokenizerFast)

from vocabulary_fixture import corpus, learn, odd_strings

TOKENS = ["<|im_start|>", "<|im_end|>"]


def make(folder):
    torch.manual_seed(1)
    sizes = {"vocab_size": 600, "bos_token_id": 0, "eos_token_id": 0}
    models = {"gpt2": GPT2LMHeadModel(GPT2Config(n_embd=16, n_layer=2, n_head=2, n_positions=64, **sizes)),
              "llama": LlamaForCausalLM(LlamaConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
                                                    max_position_embeddings=64, tie_word_embeddings=False, **sizes))}
    for name, model in models.items():
        model.save_pretrained(Path(folder, name))
        tokenizer = learn(corpus(), 600, ["<|endoftext|>"])
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>").save_pretrained(Path(folder, name))


def check(folder):
    for name in ("gpt2", "llama"):
        before, after = [AutoTokenizer.from_pretrained(Path(folder, name + end)) for end in ("", "-grown")]
        assert len(after) == len(before) + 2 == 602
        for text in odd_strings():
            plain = "".join(text.split(TOKENS[0]))
            assert after.encode(plain) == before.encode(plain), plain
        assert after.encode("a".join(TOKENS), add_special_tokens=False) == [600, *before.encode("a"), 601]
        assert after.decode([600, 601], skip_special_tokens=True) == ""
        small, grown = [AutoModelForCausalLM.from_pretrained(Path(folder, name + end)) for end in ("", "-grown")]
        assert grown.config.vocab_size == 602
        for old, new in zip((small.get_input_embeddings(), small.get_output_embeddings()),
                            (grown.get_input_embeddings(), grown.get_output_embeddings())):
            assert torch.equal(old.weight, new.weight[:600])
            assert torch.allclose(new.weight[600:], old.weight.mean(0).expand(2, -1), rtol=0, atol=1e-7)
        ids = torch.arange(60).reshape(2, 30)
        with torch.no_grad():
            old, new = small(ids).logits, grown(ids).logits
        print(name, "logits of old ids", "equal" if torch.equal(old, new[..., :600]) else
              "differ by %.1e" % (old - new[..., :600]).abs().max())


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](sys.argv[2])
