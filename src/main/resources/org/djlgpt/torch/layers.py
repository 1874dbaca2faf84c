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
  """Layers of one input, (..., in) to (..., out) each, computed in a type. Weights of another type,
  which are copied anyway, are copied into one, for one product."""
  x = x.to(type)
  bias = annotate(Optional[Tensor], None)
  if len(weights) > 1 and weights[0].dtype != type:
    if len(biases) > 0:
      bias = torch.cat(biases).to(type)
    y = torch.linear(x, torch.cat(weights).to(type), bias)
    return y.split_with_sizes([weight.size(0) for weight in weights], -1)
  outputs = annotate(List[Tensor], [])
  for i in range(len(weights)):
    if len(biases) > 0:
      bias = biases[i].to(type)
    outputs.append(torch.linear(x, weights[i].to(type), bias))
  return outputs


def add_low_rank(y: Tensor, x: Tensor, a: Tensor, b: Tensor, scale: float) -> Tensor:
  """y + scale x a^T b^T of y (..., out), x (..., in), a (rank, in) and b (out, rank), in y's type."""
  few = torch.linear(x.type_as(y), a.type_as(y)).view(-1, a.size(0))
  sum = torch.addmm(y.reshape(-1, b.size(0)), few, b.type_as(y).t(), alpha=scale)
  return sum.view_as(y)


def embedding(ids: Tensor, table: Tensor) -> Tensor:
  """Rows of a table (V, E), or NaN where there is no such row: a GPU that is asked for one computes
  nothing any more."""
  rows = torch.embedding(table, ids.clamp(0, table.size(0) - 1))
  unknown = (ids < 0) | (ids >= table.size(0))
  return rows.masked_fill(unknown.unsqueeze(-1), float("nan"))
