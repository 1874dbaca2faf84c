"""Makes the safetensors file that SafeTensorsTest reads, and the values it holds.

Usage: python make_safetensors_fixture.py DIRECTORY

Writes python.safetensors and python.json. The versions it was made with are in the file's metadata.
"""

import json
import math
import sys
from pathlib import Path

import safetensors
import torch
from safetensors.torch import save_file

INF, NAN = math.inf, math.nan

TENSORS = {
    "f32": torch.randn(3, 5, generator=torch.Generator().manual_seed(123)),
    "f32.special": torch.tensor([0.0, -0.0, 1e-45, 3.4028235e38, INF, -INF, NAN]),
    "f16": torch.tensor([[0.0, -1.5, 65504.0], [6e-8, 1 / 3, -INF]], dtype=torch.float16),
    "bf16": torch.tensor(
        [[0.0, -1.5, 3.3e38], [1e-40, 1 / 3, NAN], [INF, -INF, -0.0]], dtype=torch.bfloat16
    ),
    "f64": torch.tensor([math.pi], dtype=torch.float64),
    "i64": torch.tensor([-(2**63), -1, 0, 2**63 - 1]),
    "i32": torch.tensor([[-(2**31), 2**31 - 1]], dtype=torch.int32),
    "i16": torch.tensor([1, 2, 3], dtype=torch.int16),
    "i8": torch.tensor([-128, 0, 127], dtype=torch.int8),
    "u8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 4),
    "naïve \"name\"/\n✓": torch.tensor([1.0]),
}


def as_json(value):
    """JSON has no number for these three."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def describe(tensor):
    return {
        "shape": list(tensor.shape),
        "values": [as_json(value) for value in tensor.flatten().tolist()],
    }


def main(directory):
    versions = {
        "format": "pt",
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "safetensors": safetensors.__version__,
    }
    save_file(TENSORS, directory / "python.safetensors", metadata=versions)
    expected = {name: describe(tensor) for name, tensor in TENSORS.items()}
    text = json.dumps(expected, indent=1, ensure_ascii=False)
    (directory / "python.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
