"""What Hugging Face transformers makes of conversations and completions: `python examples_fixture.py`.

Writes src/test/resources/org/djlgpt/tuning/examples.json, with the ids of the tokenizer org/djlgpt/text/byte-level and a
1 for each token that is learned: of conversations in ChatML by `apply_chat_template` with marks around what the assistant
says, of completions as TRL has them, prompt and completion encoded apart and an end behind.
"""
import json
from pathlib import Path

import transformers
from transformers import AutoTokenizer

RESOURCES = Path(__file__).resolve().parents[1] / "resources/org/djlgpt"
CHATML = ("{% for m in messages %}<|im_start|>{{ m.role }}\n"
          "{% if m.role == 'assistant' %}{% generation %}{{ m.content }}<|im_end|>{% endgeneration %}"
          "{% else %}{{ m.content }}<|im_end|>{% endif %}{{ '\n' }}{% endfor %}")
CHATS = [
    [("user", "What is a stop token?"), ("assistant", "It's the one that ends an answer.")],
    [("system", "Be brief."), ("user", "Two plus three?"), ("assistant", "5"), ("user", "And don't\nyou  tire?"),
     ("assistant", "Never,\n\nI think."), ("user", "Well \u2026"), ("assistant", "Is \u00e9 one token?")],
]
COMPLETIONS = [
    {"prompt": "The letter", "completion": " A is the first."},
    {"prompt": "Don'", "completion": "t think"},  # as a whole these would share a token
    {"prompt": "", "completion": "x"},
]

tokenizer = AutoTokenizer.from_pretrained(RESOURCES / "text" / "byte-level")


def chat(turns):
    messages = [{"role": role, "content": content} for role, content in turns]
    made = tokenizer.apply_chat_template(
        messages, chat_template=CHATML, return_dict=True, return_assistant_tokens_mask=True)
    return {"messages": messages, "ids": made["input_ids"], "learned": made["assistant_masks"]}


def completion(example):
    prompt, answer = (tokenizer(example[key], add_special_tokens=False)["input_ids"] for key in ("prompt", "completion"))
    answer = answer + [tokenizer.eos_token_id]
    return {**example, "ids": prompt + answer, "learned": [0] * len(prompt) + [1] * len(answer)}


def whole(example):
    return tokenizer(example["prompt"] + example["completion"], add_special_tokens=False)["input_ids"]


made = {"versions": {"transformers": transformers.__version__}, "chats": [chat(turns) for turns in CHATS],
        "completions": [completion(example) for example in COMPLETIONS]}
assert whole(COMPLETIONS[1]) != made["completions"][1]["ids"][:-1], "nothing is at the border"
(RESOURCES / "tuning" / "examples.json").write_text(json.dumps(made, indent=0) + "\n")
