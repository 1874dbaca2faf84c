# 6 and 15 are torch.float32 and torch.bfloat16, which have no other name in this language.


def to_float32(x: Tensor) -> Tensor:
  return x.to(6)


def to_bfloat16(x: Tensor) -> Tensor:
  return x.to(15)
