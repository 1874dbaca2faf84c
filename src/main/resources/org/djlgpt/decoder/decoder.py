# What the decoders of all families share. They compute all layers of a GPT, on the tokens that follow
# those in a cache, in one call. Weights (out, in) are float32, or else bfloat16 or int8 with a bfloat16
# scale for each output. Linear layers and attention compute in the type of the caches: float32 beside
# float32 weights, otherwise bfloat16, or float32 too where the processor has no bfloat16. The residual
# stream and the norms are float32. The weight itself stands in for a bias, a scale or a norm that is
# not there. An operator costs this interpreter microseconds, and a step of a small model takes little
# more: fewer operators are faster.
#
# Letters in shapes: B sequences, T new tokens, N tokens with those before, H heads of width D, G keys
# and values, E width of a token, F width inside a feed-forward network, V words.


def _linear(x: Tensor, weight: Tensor, bias: Tensor, scale: Tensor) -> Tensor:
  """(B * T, in) to (B * T, out)."""
  return __torch__.decoder._activated(x, weight, bias, scale, "none")


def _activated(x: Tensor, weight: Tensor, bias: Tensor, scale: Tensor, activation: str) -> Tensor:
  """(B * T, in) to (B * T, out); the activation is gelu_tanh, gelu, relu, silu or none."""
  b = bias if bias.dim() == 1 else annotate(Optional[Tensor], None)
  if weight.is_mkldnn:
    none = annotate(List[Optional[number]], [])
    if activation == "gelu_tanh":
      return ops.mkldnn._linear_pointwise(x, weight, b, "gelu", none, "tanh")
    y = ops.mkldnn._linear_pointwise(x, weight, b, "none", none, "")
  elif weight.dtype == x.dtype:
    y = torch.linear(x, weight, b)
  else:
    if x.dtype == 6:
      y = __torch__.decoder._float32_product(x, weight, scale)
    else:
      y = __torch__.decoder._int8_product(x, weight, scale)
    y = y if b is None else y.add_(b)
  if activation == "gelu_tanh":
    y = torch.gelu(y, approximate="tanh")
  elif activation == "gelu":
    y = torch.gelu(y)
  elif activation == "relu":
    y = torch.relu(y)
  elif activation == "silu":
    y = torch.silu(y)
  return y


def _int8_product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
  if x.size(0) > 16 or not __torch__.decoder._is_whole(weight):
    return torch.linear(x, weight.to(15)) * scale
  return torch._weight_int8pack_mm(x, weight, scale)


def _is_whole(weight: Tensor) -> bool:
  """Whether libtorch's product with int8 rows, which takes 16 numbers at a time, ends with them."""
  return weight.size(1) % 16 == 0 and not weight.is_cuda


def _float32_product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
  """The product of float32 numbers with a bfloat16 or int8 weight. The fewest rows cost least where
  the weight is read as it is, a few where it is widened in parts that the caches hold."""
  quantized = weight.dtype == 1
  rows = x.size(0)
  if rows == 1 and not quantized:
    return torch.linear(x.to(15), weight).to(6)
  if rows <= 8 and quantized and __torch__.decoder._is_whole(weight):
    return torch._weight_int8pack_mm(x.to(15), weight, scale).to(6)
  if rows > 64:
    y = torch.linear(x, weight.to(6))
  else:
    parts = annotate(List[Tensor], [])
    for part in weight.split(max(1, 1200000 // x.size(1))):
      parts.append(torch.linear(x, part.to(6)))
    y = torch.cat(parts, 1)
  return y.mul_(scale) if quantized else y


def _side_by_side(x: Tensor, layers: List[Tensor]) -> Tensor:
  """The results of linear layers, weight, bias and scale each, put side by side."""
  y = __torch__.decoder._linear(x, layers[0], layers[1], layers[2])
  if len(layers) > 3:
    parts = [y]
    for i in range(3, len(layers), 3):
      parts.append(__torch__.decoder._linear(x, layers[i], layers[i + 1], layers[i + 2]))
    y = torch.cat(parts, 1)
  return y


def _words(tokens: Tensor, words: Tensor, scale: Tensor) -> Tensor:
  """Vectors (B, T, E) from a table (V, E)."""
  x = torch.embedding(words, tokens).to(6)
  if words.dtype == 1:
    x *= torch.embedding(scale.unsqueeze(1), tokens)
  return x


def _positions(tokens: Tensor, start: int, padding: List[Tensor]) -> Tensor:
  """Where tokens (B, T) stand, (B, T): counted from the first of a row that is no padding (B)."""
  T = tokens.size(1)
  position = torch.arange(start, start + T, device=tokens.device) - padding[0].unsqueeze(1)
  return position.clamp(0)


def _padding_mask(tokens: Tensor, start: int, padding: List[Tensor]) -> Optional[Tensor]:
  """Which of N keys each token (B, T) sees, (B, 1, T, N), or none where it is all before it."""
  mask = annotate(Optional[Tensor], None)
  if len(padding) > 0:
    key = torch.arange(start + tokens.size(1), device=tokens.device)
    mask = __torch__.decoder._mask(tokens.size(1), key >= padding[0].unsqueeze(1))
  return mask


def _mask(T: int, attended: Tensor) -> Tensor:
  """Which of N keys each of the last T queries sees: those attended to (B, N) up to itself, and
  itself in any case."""
  key = torch.arange(attended.size(1), device=attended.device)
  query = key.narrow(0, key.size(0) - T, T).unsqueeze(1)
  seen = (key <= query) & attended.unsqueeze(1) | (key == query)
  return seen.unsqueeze(1)  # (B, 1, T, N)


def _attended_mask(T: int, attended: Tensor) -> Optional[Tensor]:
  """The same, or none where all are attended to."""
  mask = annotate(Optional[Tensor], None)
  if not bool(attended.all()):
    mask = __torch__.decoder._mask(T, attended.to(11))
  return mask


def _caches(past: List[Tensor], layers: int, shape: List[int], T: int, type: int,
            like: Tensor) -> List[Tensor]:
  """A cache (2, B, G, N, D) for each layer that holds a past (B, G, N - T, D), keys and values in
  turn; there is none if N = T."""
  caches = annotate(List[Tensor], [])
  before = shape[3] - T
  for i in range(layers):
    cache = torch.empty(shape, dtype=type, device=like.device)
    if before > 0:
      cache[0].narrow(2, 0, before).copy_(past[2 * i])
      cache[1].narrow(2, 0, before).copy_(past[2 * i + 1])
    caches.append(cache)
  return caches


def _past(caches: List[Tensor]) -> List[Tensor]:
  past = annotate(List[Tensor], [])
  for cache in caches:
    past += [cache[0].to(6), cache[1].to(6)]
  return past


def _last(x: Tensor, B: int, every: bool) -> Tensor:
  """Of tokens (B * T, E) every one, or the last of each row (B, E)."""
  return x if every else x.view(B, -1, x.size(1))[:, -1]


def quantize(weight: Tensor) -> Tuple[Tensor, Tensor]:
  """(out, in) as int8 and a bfloat16 scale for each output."""
  scale = (weight.abs().amax(1) / 127).clamp(1e-30).to(15)
  return (weight / scale.to(6).unsqueeze(1)).round().clamp(-127, 127).to(1), scale


def pack(weight: Tensor) -> Tensor:
  """A bfloat16 weight (out, in) in the order in which the processor multiplies fastest."""
  if weight.is_cuda or not __torch__.precision.has_bfloat16():
    return weight
  return ops.mkldnn._reorder_linear_weight(weight, 1)
