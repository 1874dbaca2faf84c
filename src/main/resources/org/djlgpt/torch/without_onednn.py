# What stands in for onednn.py where libtorch is built without oneDNN.


def has_bfloat16() -> bool:
  return False


def has_float16() -> bool:
  return False


def has_int8() -> bool:
  return False


def _product(x: Tensor, weight: Tensor) -> Tensor:
  return torch.linear(x, weight)


def _layer(x: Tensor, weight: Tensor, bias: Optional[Tensor], gelu_tanh: bool) -> Tensor:
  y = torch.linear(x, weight, bias)
  return torch.gelu(y, approximate="tanh") if gelu_tanh else y


def _packed(weight: Tensor) -> Tensor:
  return weight


def _packed_int8(weight: Tensor) -> Tensor:
  return weight


def _int8_product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
  return torch.linear(x.to(6) - 128, weight.to(6)) * scale
