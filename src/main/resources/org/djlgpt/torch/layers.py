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


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
  """(..., in) to (..., out), computed in the weight's type."""
  return torch.linear(x.type_as(weight), weight, bias)


def linear_without_bias(x: Tensor, weight: Tensor) -> Tensor:
  """(..., in) to (..., out), computed in the weight's type."""
  return torch.linear(x.type_as(weight), weight)


def add_low_rank(y: Tensor, x: Tensor, a: Tensor, b: Tensor, scale: float) -> Tensor:
  """y + scale x a^T b^T of y (..., out), x (..., in), a (rank, in) and b (out, rank)."""
  few = torch.linear(x.type_as(a), a)
  sum = torch.addmm(y.reshape(-1, b.size(0)), few.view(-1, a.size(0)), b.t(), alpha=scale)
  return sum.view_as(y)


def embedding(ids: Tensor, table: Tensor) -> Tensor:
  """Rows of a table (V, E), or NaN where there is no such row: a GPU that is asked for one computes
  nothing any more."""
  rows = torch.embedding(table, ids.clamp(0, table.size(0) - 1))
  unknown = (ids < 0) | (ids >= table.size(0))
  return rows.masked_fill(unknown.unsqueeze(-1), float("nan"))
