# What stands in for onednn.py where libtorch is built without oneDNN. After what the first functions
# answer only a product is asked for; the rest must be known, but is not called.


def has_onednn() -> bool:
  return False


def has_bfloat16() -> bool:
  return False


def has_float16() -> bool:
  return False


def has_int8() -> bool:
  return False


def _product(x: Tensor, weight: Tensor) -> Tensor:
  return torch.linear(x, weight)


def _layer(x: Tensor, weight: Tensor, bias: Optional[Tensor], gelu_tanh: bool) -> Tensor:
  return x


def _packed(weight: Tensor) -> Tensor:
  return weight


def _packed_int8(weight: Tensor) -> Tensor:
  return weight


def _int8_product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
  return x
