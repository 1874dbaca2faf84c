# What libtorch has from oneDNN. Some builds are without it, such as that for macOS on Apple's processors,
# and do not even know these operators: without_onednn.py stands in for this file there.


def has_onednn() -> bool:
  return True


def has_bfloat16() -> bool:
  """Whether the processor multiplies bfloat16 matrices; libtorch asks the same before a product."""
  return bool(ops.mkldnn._is_mkldnn_bf16_supported())


def has_float16() -> bool:
  """The same for float16."""
  return bool(ops.mkldnn._is_mkldnn_fp16_supported())


def has_int8() -> bool:
  """Whether the processor adds up products of whole numbers exactly; without instructions for that, sums
  of two are cut off at 16 bits."""
  weight = __torch__.onednn._packed_int8(torch.full([64, 256], 127, dtype=1))
  exact = True
  for rows in [1, 32]:
    numbers = torch.full([rows, 256], 255, dtype=0)
    y = __torch__.onednn._int8_product(numbers, weight, torch.ones([64]))
    exact = exact and bool((y == 127. * 127 * 256).all())
  return exact


def _product(x: Tensor, weight: Tensor) -> Tensor:
  """x weight^T of float32, without a gradient."""
  return __torch__.onednn._layer(x, weight, None, False)


def _layer(x: Tensor, weight: Tensor, bias: Optional[Tensor], gelu_tanh: bool) -> Tensor:
  """A linear layer, of float32 or with a packed weight and an input of its type, and its activation;
  without a gradient."""
  none = annotate(List[Optional[number]], [])
  if gelu_tanh:
    return ops.mkldnn._linear_pointwise(x, weight, bias, "gelu", none, "tanh")
  return ops.mkldnn._linear_pointwise(x, weight, bias, "none", none, "")


def _packed(weight: Tensor) -> Tensor:
  return ops.mkldnn._reorder_linear_weight(weight, 1)


def _packed_int8(weight: Tensor) -> Tensor:
  return ops.onednn.qlinear_prepack(weight, [1, weight.size(1)])


def _int8_product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
  """The product of numbers from 0 to 255, of which 128 stands for zero, with a packed int8 weight and the
  scale of each output."""
  none, zero = annotate(List[Optional[number]], []), torch.zeros([1], dtype=3)
  return ops.onednn.qlinear_pointwise(x, 1., 128, weight, scale, zero, None, 1., 0, 6, "none", none, "")
