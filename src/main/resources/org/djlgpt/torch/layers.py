def gelu_tanh(x: Tensor) -> Tensor:
  """The Gaussian error linear unit in GPT-2's tanh form."""
  return torch.gelu(x, approximate="tanh")


def gelu(x: Tensor) -> Tensor:
  return torch.gelu(x)


def relu(x: Tensor) -> Tensor:
  return torch.relu(x)


def silu(x: Tensor) -> Tensor:
  return torch.silu(x)


def rms_norm(x: Tensor, scale: Tensor, epsilon: float) -> Tensor:
  """torch.rms_norm in fewer passes over memory, forward and backward."""
  norm = torch.linalg_vector_norm(x, 2, [-1], True)
  return x * (norm * norm / x.size(-1) + epsilon).rsqrt() * scale


def linear(x: Tensor, weights: List[Tensor], biases: List[Tensor], type: int) -> List[Tensor]:
  """Layers of one input, (..., in) to (..., out) each, as one product in a type."""
  bias = annotate(Optional[Tensor], None)
  if len(biases) > 0:
    bias = __torch__.layers._below_each_other(biases).to(type)
  y = torch.linear(x.to(type), __torch__.layers._below_each_other(weights).to(type), bias)
  if len(weights) == 1:
    return [y]
  return y.split_with_sizes([weight.size(0) for weight in weights], -1)


def _below_each_other(parts: List[Tensor]) -> Tensor:
  return parts[0] if len(parts) == 1 else torch.cat(parts)


def add_low_rank(y: Tensor, x: Tensor, a: Tensor, b: Tensor, scale: float) -> Tensor:
  """y + scale x a^T b^T of y (..., out), x (..., in), a (rank, in) and b (out, rank), in the type of y."""
  few = torch.linear(x.type_as(y), a.type_as(y)).view(-1, a.size(0))
  sum = torch.addmm(y.reshape(-1, b.size(0)), few, b.type_as(y).t(), alpha=scale)
  return sum.view_as(y)


def embedding(ids: Tensor, table: Tensor) -> Tensor:
  """Rows of a table (V, E), or NaN where there is no such row: a GPU that is asked for one computes
  nothing any more."""
  rows = torch.embedding(table, ids.clamp(0, table.size(0) - 1))
  unknown = (ids < 0) | (ids >= table.size(0))
  return rows.masked_fill(unknown.unsqueeze(-1), float("nan"))
