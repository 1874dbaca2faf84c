"""Tiny adapters made by Hugging Face PEFT, for the Java tests: `python adapter_fixture.py`.

Writes to src/test/resources/org/djlgpt/checkpoint, on bases that lie there already (huggingface_fixture.py and
llama_fixture.py make them), one folder for each way in which adapters differ:

  adapter-gpt2           on every linear layer; queries, keys and values share a matrix A
  adapter-gpt2-patterns  other ranks and alphas in some modules, rank-stabilised, in the second layer only
  adapter-llama          on every linear layer
  adapter-qwen2          on queries and values, rank-stabilised, its base with biases

Every matrix is random. Beside each lies expected.json: the base's folder, logits, the loss and, where each layer has a
matrix A of its own, the loss after a step of AdamW on the adapter; and gradients.safetensors (of the first loss, by
tensor). They are computed in float32 from what is in the folders.
"""
import shutil

import peft
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

from huggingface_fixture import IDS, TARGET, VERSIONS, expect

PREFIX = "base_model.model."
RATE = 0.01


def base_model(base):
    return AutoModelForCausalLM.from_pretrained(TARGET / base, dtype=torch.float32)


def write(name, base, step=True, **options):
    torch.manual_seed(123)
    model = get_peft_model(base_model(base), LoraConfig(task_type="CAUSAL_LM", **options))
    for key, parameter in model.named_parameters():
        if "lora_" in key:
            torch.nn.init.normal_(parameter, 0.0, 0.3)
    model.peft_config["default"].base_model_name_or_path = base
    folder = TARGET / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink()

    model = PeftModel.from_pretrained(base_model(base), folder, is_trainable=True).eval()
    trained = {key: p for key, p in model.named_parameters() if p.requires_grad}
    ids = torch.tensor(IDS)
    model(ids, labels=ids).loss.backward()
    save_file({key.replace(".default", ""): p.grad for key, p in trained.items()}, folder / "gradients.safetensors",
              metadata=VERSIONS | {"peft": peft.__version__})
    with torch.no_grad():
        before = {key: p.clone() for key, p in trained.items()}
        torch.optim.AdamW(trained.values(), lr=RATE, weight_decay=0.1).step()
        after = model(ids, labels=ids).loss.item()
        for key, p in trained.items():
            p.copy_(before[key])
        expect(folder, model, __file__, peft=peft.__version__, base=base, **({"lossAfterStep": after} if step else {}))


def main():
    torch.set_num_threads(1)
    write("adapter-gpt2", "huggingface-tiny", step=False, r=4, lora_alpha=6,
          target_modules=["c_attn", "c_proj", "c_fc"], fan_in_fan_out=True)
    write("adapter-gpt2-patterns", "huggingface-tiny", step=False, r=3, lora_alpha=2, use_rslora=True,
          target_modules=["c_attn", "attn.c_proj", "c_fc"], layers_to_transform=[1], fan_in_fan_out=True,
          rank_pattern={"attn.c_proj": 5}, alpha_pattern={"h.1.mlp.c_fc": 7})
    write("adapter-llama", "llama-tiny", r=4, lora_alpha=6, target_modules="all-linear")
    write("adapter-qwen2", "qwen2-tiny", r=2, lora_alpha=1.5, lora_dropout=0.25, use_rslora=True,
          target_modules=["q_proj", "v_proj"])


if __name__ == "__main__":
    main()
