def gelu(x: Tensor) -> Tensor:
  """The Gaussian error linear unit in GPT-2's tanh form."""
  return torch.gelu(x, approximate="tanh")


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
  """(..., in) to (..., out), computed in the weight's type."""
  return torch.linear(x.type_as(weight), weight, bias)


def linear_without_bias(x: Tensor, weight: Tensor) -> Tensor:
  """(..., in) to (..., out), computed in the weight's type."""
  return torch.linear(x.type_as(weight), weight)
