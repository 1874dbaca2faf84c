# 6 and 15 are torch.float32 and torch.bfloat16, which have no other name in this language.


def has_bfloat16() -> bool:
  """Whether the processor multiplies bfloat16 matrices; libtorch asks the same before a product."""
  return bool(ops.mkldnn._is_mkldnn_bf16_supported())


def has_float16() -> bool:
  """The same for float16."""
  return bool(ops.mkldnn._is_mkldnn_fp16_supported())


def to_float32(x: Tensor) -> Tensor:
  return x.to(6)


def to_bfloat16(x: Tensor) -> Tensor:
  return x.to(15)
