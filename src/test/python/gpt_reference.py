"""Reference figures for the Java tests, computed by PyTorch: `python gpt_reference.py`.

Writes src/test/resources/org/djlgpt/model/gpt-reference.json. Needs torch, and about 2 GB of memory for the
124M model under "published". A development tool: the build and the tests read only the JSON.
"""
import json
import math
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

TARGET = Path(__file__).resolve().parents[1] / "resources/org/djlgpt/model/gpt-reference.json"
SEED, DROPOUT_SEED = 123, 7
TOKENS = [[1, 64, 7, 0, 33, 33, 12, 50], [5, 9, 9, 61, 2, 40, 18, 27]]
TARGETS = [[64, 7, 0, 33, 33, 12, 50, 3], [9, 9, 61, 2, 40, 18, 27, 5]]


# ---------------------------------------------------------------- the model

@dataclass(frozen=True)
class Config:
    vocab_size: int
    context_length: int
    embedding_dim: int
    num_heads: int
    num_layers: int
    dropout: float = 0.1
    qkv_bias: bool = False
    tied: bool = False


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        e = c.embedding_dim
        self.heads = c.num_heads
        self.W_query = nn.Linear(e, e, bias=c.qkv_bias)
        self.W_key = nn.Linear(e, e, bias=c.qkv_bias)
        self.W_value = nn.Linear(e, e, bias=c.qkv_bias)
        self.out_proj = nn.Linear(e, e)
        self.dropout = nn.Dropout(c.dropout)
        self.last_weights = None  # (B, H, T, T), before dropout

    def forward(self, x):
        def split(y):  # (B, T, E) to (B, H, T, D)
            return y.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        q, k, v = split(self.W_query(x)), split(self.W_key(x)), split(self.W_value(x))
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])  # (B, H, T, T)
        future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        weights = scores.masked_fill(future, -math.inf).softmax(-1)
        self.last_weights = weights.detach()
        return self.out_proj((self.dropout(weights) @ v).transpose(1, 2).flatten(-2))  # (B, T, E)


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.attention = Attention(c)
        self.up = nn.Linear(c.embedding_dim, 4 * c.embedding_dim)
        self.down = nn.Linear(4 * c.embedding_dim, c.embedding_dim)
        self.norm1 = nn.LayerNorm(c.embedding_dim, eps=1e-5)
        self.norm2 = nn.LayerNorm(c.embedding_dim, eps=1e-5)
        self.dropout = nn.Dropout(c.dropout)

    def forward(self, x):
        x = x + self.dropout(self.attention(self.norm1(x)))
        return x + self.dropout(self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh")))


class Gpt(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.token_embedding = nn.Embedding(c.vocab_size, c.embedding_dim)
        self.position_embedding = nn.Embedding(c.context_length, c.embedding_dim)
        self.dropout = nn.Dropout(c.dropout)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.num_layers))
        self.final_norm = nn.LayerNorm(c.embedding_dim, eps=1e-5)
        self.head = None if c.tied else nn.Linear(c.embedding_dim, c.vocab_size, bias=False)

    def forward(self, ids):
        x = self.token_embedding(ids) + self.position_embedding.weight[: ids.shape[1]]
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x)
        head = self.token_embedding if self.head is None else self.head
        return F.linear(self.final_norm(x), head.weight)


def pytorch_initialised(config):
    torch.manual_seed(SEED)
    return Gpt(config)


def gpt2_initialised(config):
    model = Gpt(config)
    residual_std = 0.02 / math.sqrt(2 * config.num_layers)
    torch.manual_seed(SEED)
    for name, parameter in model.named_parameters():  # in the order of construction
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        elif "norm" not in name:
            residual = name.endswith(("out_proj.weight", "down.weight"))
            nn.init.normal_(parameter, 0.0, residual_std if residual else 0.02)
    return model


def mean_loss(logits):
    return F.cross_entropy(logits.flatten(0, 1), torch.tensor(TARGETS).flatten())


# ---------------------------------------------------------------- figures of a model

def listed(config):
    """The configuration under the names that Gpt2Config uses."""
    return {re.sub("_(.)", lambda m: m[1].upper(), key): value for key, value in asdict(config).items()}


def parameter_table(model):
    return [{"name": n, "shape": list(p.shape), "first": p.flatten()[:3], "norm": p.norm()}
            for n, p in model.named_parameters()]


def model_case(config):
    ids = torch.tensor(TOKENS)
    model = pytorch_initialised(config).eval()
    out = {"config": listed(config), "parameters": parameter_table(model),
           "logits": model(ids), "logitsOfFirstToken": model(ids[:, :1])}
    loss = mean_loss(model(ids))
    out["attentionWeights"] = model.blocks[0].attention.last_weights
    loss.backward()
    out["loss"] = loss
    out["gradientNorms"] = {n: p.grad.norm() for n, p in model.named_parameters()}
    listed_in_full = ("position_embedding.weight", "blocks.0.attention.W_query.weight")
    out["gradients"] = {n: p.grad for n, p in model.named_parameters() if p.dim() == 1 or n in listed_in_full}

    model.train()
    model.zero_grad()
    torch.manual_seed(DROPOUT_SEED)
    logits = model(ids)
    loss = mean_loss(logits)
    loss.backward()
    out["training"] = {"logits": logits, "loss": loss,
                       "gradientNorms": {n: p.grad.norm() for n, p in model.named_parameters()}}

    model = gpt2_initialised(config).eval()
    logits = model(ids)
    out["gpt2Initialisation"] = {"parameters": parameter_table(model), "logits": logits, "loss": mean_loss(logits)}
    out["fiveSteps"] = five_steps(config)
    return out


def five_steps(config):
    """Five AdamW updates on the fixed batch without dropout; every matrix decays, embeddings too, no vector."""
    model = pytorch_initialised(replace(config, dropout=0.0))
    by_rank = [[p for p in model.parameters() if (p.dim() > 1) == matrix] for matrix in (True, False)]
    optimizer = torch.optim.AdamW([{"params": by_rank[0], "weight_decay": 0.1},
                                   {"params": by_rank[1], "weight_decay": 0.0}],
                                  lr=1e-3, betas=(0.9, 0.95), eps=1e-8)
    losses, norms = [], []
    for _ in range(5):
        loss = mean_loss(model(torch.tensor(TOKENS)))
        optimizer.zero_grad()
        loss.backward()
        norms.append(nn.utils.clip_grad_norm_(model.parameters(), 1.0))
        optimizer.step()
        losses.append(loss)
    return {"rate": 1e-3, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8, "weightDecayOfMatrices": 0.1, "maxNorm": 1.0,
            "losses": losses, "normsBeforeClipping": norms, "lossAfterwards": mean_loss(model(torch.tensor(TOKENS)))}


# ---------------------------------------------------------------- figures of the parts

def layers():
    out = {}
    for name, make, given in [
            ("linear", lambda: nn.Linear(3, 2), torch.tensor([[1.0, -2.0, 0.5], [0.0, 0.25, 3.0]])),
            ("embedding", lambda: nn.Embedding(6, 3), torch.tensor([[5, 0], [2, 2]])),
            ("smallEmbedding", lambda: nn.Embedding(2, 3), torch.tensor([1, 0])),
            ("layerNorm", lambda: nn.LayerNorm(4), torch.tensor([[1.0, 2.0, 3.0, 4.0], [-0.5, 0.0, 0.01, 8.0]]))]:
        torch.manual_seed(SEED)
        layer = make()
        out[name] = {"layer": str(layer), **dict(layer.named_parameters()), "input": given, "output": layer(given)}
    return out


SCALES = {"matrix": [1.0, 1e-4, 1e-8], "vector": [1.0, 1e-4, 1e-8, 0.0]}  # of a matrix row, of a vector element


def start(name):
    count = 12 if name == "matrix" else 4
    values = torch.tensor([(i - 5) / 10 for i in range(count)])
    return values.view(3, 4) if name == "matrix" else values


def formula_gradient(name, step):
    scales = [s for s in SCALES[name] for _ in range(4 if name == "matrix" else 1)]
    g = torch.tensor([math.sin(0.1 * (step + 1) * (i + 1)) * s for i, s in enumerate(scales)])
    return g.view_as(start(name))


def rate(step, peak, minimum, warmup, decay_steps):
    if step < warmup:
        return peak * (step + 1) / (warmup + 1)
    if step > decay_steps:
        return minimum
    return minimum + 0.5 * (1 + math.cos(math.pi * (step - warmup) / (decay_steps - warmup))) * (peak - minimum)


def adamw_trajectory(rate_of_step):
    parameters = {name: nn.Parameter(start(name)) for name in SCALES}
    optimizer = torch.optim.AdamW([{"params": [parameters["matrix"]], "weight_decay": 0.1},
                                   {"params": [parameters["vector"]], "weight_decay": 0.0}],
                                  betas=(0.9, 0.95), eps=1e-8)
    after = {}
    for step in range(100):
        for group in optimizer.param_groups:
            group["lr"] = rate_of_step(step)
        for name, parameter in parameters.items():
            parameter.grad = formula_gradient(name, step)
        optimizer.step()
        if step + 1 in (1, 2, 10, 100):
            after[str(step + 1)] = {name: p.detach().clone() for name, p in parameters.items()}
    return after


def adamw():
    return {"about": "gradient of element i (counted row by row) at step s = 0..99, in double, then cast to float: "
                     "sin(0.1 * (s + 1) * (i + 1)) * scale; start (i - 5) / 10; the keys of a trajectory count the "
                     "updates done",
            "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8, "weightDecay": {"matrix": 0.1, "vector": 0.0},
            "scaleOfMatrixRow": SCALES["matrix"], "scaleOfVectorElement": SCALES["vector"],
            "start": {name: start(name) for name in SCALES},
            "constantRate": {"rate": 1e-2, "after": adamw_trajectory(lambda step: 1e-2)},
            "warmupCosine": {"peak": 1e-2, "minimum": 1e-3, "warmupSteps": 10, "decaySteps": 100,
                             "after": adamw_trajectory(lambda step: rate(step, 1e-2, 1e-3, 10, 100))}}


def clipping():
    out = {"about": "clip_grad_norm_ over a (3, 4) matrix and a 4-vector together; gradient of element i of each "
                    "scale * sin(0.1 * (i + 1)); factor maxNorm / (norm + 1e-6), at most 1", "maxNorm": 1.0}
    for case, scale in (("above", 3.0), ("below", 0.1)):
        parameters = [nn.Parameter(torch.zeros(3, 4)), nn.Parameter(torch.zeros(4))]
        for p in parameters:
            p.grad = torch.tensor([scale * math.sin(0.1 * (i + 1)) for i in range(p.numel())]).view_as(p)
        norm = nn.utils.clip_grad_norm_(parameters, 1.0)
        out[case] = {"scale": scale, "norm": norm, "matrix": parameters[0].grad, "vector": parameters[1].grad}
    return out


def schedule():
    return {"about": "step counts from 0; below warmupSteps: peak * (step + 1) / (warmupSteps + 1); up to decaySteps: "
                     "minimum + 0.5 * (1 + cos(pi * (step - warmupSteps) / (decaySteps - warmupSteps))) * "
                     "(peak - minimum); afterwards minimum",
            "peak": 6e-4, "minimum": 6e-5, "warmupSteps": 10, "decaySteps": 100,
            "rates": {str(s): rate(s, 6e-4, 6e-5, 10, 100) for s in (0, 1, 5, 9, 10, 11, 50, 99, 100, 150)}}


# ---------------------------------------------------------------- published figures

def published():
    ids = [[6109, 3626, 6100, 345], [6109, 1110, 6622, 257]]
    config = Config(50257, 1024, 768, 12, 12)
    with torch.no_grad():
        model = pytorch_initialised(config).train()
        logits = model(torch.tensor(ids))
    return {"gpt2Small": {"config": listed(config), "mode": "training, generator not seeded again after the model",
                          "tokens": ids, "parameterCount": sum(p.numel() for p in model.parameters()),
                          "firstThree": logits[..., :3], "lastThree": logits[..., -3:]},
            "shortcuts": {"about": "mean absolute gradient of each layer's weight, loss MSE against 0",
                          "sizes": [3, 3, 3, 3, 3, 1], "input": [1.0, 0.0, -1.0],
                          "without": shortcut_gradients(False), "with": shortcut_gradients(True)}}


def shortcut_gradients(shortcuts):
    torch.manual_seed(SEED)
    linears = [nn.Linear(3, width) for width in (3, 3, 3, 3, 1)]
    x = torch.tensor([[1.0, 0.0, -1.0]])
    for linear in linears:
        y = F.gelu(linear(x), approximate="tanh")
        x = x + y if shortcuts and x.shape == y.shape else y
    F.mse_loss(x, torch.zeros(1, 1)).backward()
    return [linear.weight.grad.abs().mean() for linear in linears]


# ---------------------------------------------------------------- the file

def plain(value):
    """Tensors to nested lists, floats to 7 significant digits."""
    if isinstance(value, torch.Tensor):
        return plain(value.tolist())
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def layout(value, indent=""):
    """JSON with one line for each list of scalars."""
    items = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(value, (dict, list)) or not any(isinstance(v, (dict, list)) for v in items):
        return json.dumps(value)
    deeper = indent + " "
    keys = [json.dumps(k) + ": " for k in value] if isinstance(value, dict) else [""] * len(items)
    body = ",\n".join(deeper + k + layout(v, deeper) for k, v in zip(keys, items))
    return ("{\n%s\n%s}" if isinstance(value, dict) else "[\n%s\n%s]") % (body, indent)


def main():
    torch.set_num_threads(1)  # one order of summation
    figures = {
        "about": "Figures that PyTorch computes; made by src/test/python/gpt_reference.py. float32, 7 significant "
                 "digits. 'seed' is set right before a model or a layer is built, 'dropoutSeed' right before the "
                 "forward pass in training mode. Linear weights are (out, in), parameters stand in draw order. The true "
                 "gradient of every W_key.bias is zero (softmax cancels it): what is listed is rounding noise.",
        "torch": torch.__version__.split("+")[0], "seed": SEED, "dropoutSeed": DROPOUT_SEED,
        "tokens": TOKENS, "targets": TARGETS,
        "models": {"separateHead": model_case(Config(65, 16, 32, 4, 2)),
                   "tiedWithBias": model_case(Config(65, 16, 24, 3, 3, qkv_bias=True, tied=True))},
        "layers": layers(), "adamw": adamw(), "clipping": clipping(), "schedule": schedule(),
        "published": published()}
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(layout(plain(figures)) + "\n")


if __name__ == "__main__":
    main()
