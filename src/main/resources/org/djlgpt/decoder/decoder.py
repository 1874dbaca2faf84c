# What the decoders of all families share. They compute all layers of a GPT, on the tokens that follow
# those in a cache, in one call. Weights (out, in) are float32, or else bfloat16, float16, int8 with a
# scale for each output, or int4 with a scale and a zero point for each group of 32 inputs. The type is
# what goes into linear layers and attention: float32 beside float32 weights, where others are widened
# and where whole numbers are multiplied, otherwise float16 beside float16 and bfloat16 beside the rest.
# The residual stream and the norms are float32.
# The weight itself stands in for a bias, a scale or a norm that is not there. An operator costs this
# interpreter microseconds, and a step of a small model takes little more: fewer operators are faster.
#
# Letters in shapes: B sequences, T new tokens, N tokens with those before, H heads of width D, G keys
# and values, E width of a token, F width inside a feed-forward network, V words.


def _linear(x: Tensor, weight: Tensor, bias: Tensor, scale: Tensor) -> Tensor:
  """(B * T, in) to (B * T, out)."""
  return __torch__.decoder._activated(x, weight, bias, scale, "none")


def _activated(x: Tensor, weight: Tensor, bias: Tensor, scale: Tensor, activation: str) -> Tensor:
  """(B * T, in) to (B * T, out); the activation is gelu_tanh, gelu, relu, silu or none."""
  b = bias if bias.dim() == 1 else annotate(Optional[Tensor], None)
  if weight.is_mkldnn and weight.dtype == 1:
    y = __torch__.decoder._dynamic_layer(x, weight, scale, b)
  elif weight.is_mkldnn and weight.dtype == 5 and x.size(0) > 64:
    y = torch.linear(x, weight.to_dense(), b)  # oneDNN is slow with many rows of float16
  elif weight.is_mkldnn:
    fused = activation == "gelu_tanh"
    y = __torch__.onednn._layer(x, weight, b, fused)
    activation = "none" if fused else activation
  elif weight.dtype == x.dtype and weight.dim() == 3:
    y = __torch__.decoder._split_product(x, weight[0])
    y = y if b is None else y.add_(b)
  elif weight.dtype == x.dtype:
    apart = x.is_cuda and x.dtype != 6 and x.size(0) < 16  # some GPUs are ten times slower with a bias
    y = torch.linear(x, weight, None if apart else b)
    y = y.add_(b) if apart and b is not None else y
  else:
    if weight.dtype == 0:
      y = __torch__.decoder._int4_product(x, weight, scale)
    elif x.dtype == 6:
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


def _split_product(x: Tensor, weight: Tensor) -> Tensor:
  """A product of which every thread has a share, however few the rows."""
  rows, outputs = x.size(0), weight.size(0)
  if rows > 8 or outputs < 16:
    return torch.linear(x, weight)
  if rows > 4:
    return __torch__.onednn._product(x, weight)
  if rows > 1:
    return torch.mm(weight, x.t()).t().contiguous()
  part = outputs // 16
  parts = weight.narrow(0, 0, 16 * part).view(16, part, -1)
  y = torch.bmm(parts, x.t().expand(16, -1, 1)).view(1, -1)
  if 16 * part < outputs:
    y = torch.cat([y, torch.linear(x, weight.narrow(0, 16 * part, outputs - 16 * part))], 1)
  return y


def _int8_product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
  if x.size(0) > 16 or not __torch__.decoder._is_whole(weight):
    return torch.linear(x, weight.to(15)) * scale
  return torch._weight_int8pack_mm(x, weight, scale)


def _dynamic_layer(x: Tensor, weight: Tensor, scale: Tensor, bias: Optional[Tensor]) -> Tensor:
  """The product of whole numbers. The scale is that of an input of 127."""
  if x.size(0) <= 256:
    return __torch__.decoder._dynamic_rows(x, weight, scale, bias)
  y = torch.empty([x.size(0), scale.size(0)])
  start = 0
  for rows in x.split(256):  # what the caches hold
    y.narrow(0, start, rows.size(0)).copy_(
        __torch__.decoder._dynamic_rows(rows, weight, scale, bias))
    start += rows.size(0)
  return y


def _dynamic_rows(x: Tensor, weight: Tensor, scale: Tensor, bias: Optional[Tensor]) -> Tensor:
  """Each row is rounded to 16 bits of its greatest absolute number, so it does not depend on others.
  The bytes of these numbers are two rows: the high ones count 256 times as much as the low ones."""
  most = x.abs().amax(1, True)
  # 128 stands for zero in both bytes, and another half rounds; a row of zeros is any numbers, times 0
  numbers = torch.addcdiv(torch.full([1], 32896.5), x, most, value=32512.).to(3)
  bytes = torch.cat([numbers.to(0), (numbers >> 8).to(0)])  # low, high
  low, high = __torch__.onednn._int8_product(bytes, weight, scale).chunk(2)
  y = torch.add(high, low, alpha=1. / 256)
  return y.mul_(most) if bias is None else torch.addcmul(bias, y, most)


def _is_whole(weight: Tensor) -> bool:
  """Whether libtorch's product with int8 rows, which takes 16 numbers at a time, ends with them."""
  return weight.size(1) % 16 == 0 and not weight.is_cuda


def _int4_product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
  """The product with groups. A few rows cost least where they are read as they are, more where they
  are widened in parts that the caches hold."""
  if x.size(0) <= 64 and weight.dim() == 2:
    if x.dtype == 15:
      return torch._weight_int4pack_mm_for_cpu(x, weight, 32, scale)
    return torch._weight_int4pack_mm_for_cpu(x.to(15), weight, 32, scale).to(x.dtype)
  K, N = x.size(1), scale.size(1)
  half = weight.size(2) if weight.dim() == 3 else __torch__.decoder._block(weight) // 2
  s, z = scale.permute(2, 0, 1).contiguous().to(6).unsqueeze(2).unbind(0)  # (K / 32, 1, N)
  s, z = s.to(x.dtype), (z - 8 * s).to(x.dtype)
  y = torch.empty([x.size(0), N], dtype=x.dtype, device=x.device)
  start = 0
  part = 20000000 if x.is_cuda else 400000
  for pairs in weight.view(-1, K, half).split(max(1, part // (K * half))):
    n = 2 * half * pairs.size(0)
    wide = torch.empty([K, pairs.size(0), 2, half], dtype=x.dtype, device=x.device)
    low, high = wide.transpose(0, 1).unbind(2)  # (blocks, K, half)
    low.copy_(pairs & 15)
    high.copy_(pairs >> 4)
    groups = wide.view(-1, 32, n)
    torch.addcmul(z.narrow(2, start, n), groups, s.narrow(2, start, n), out=groups)
    torch.mm(x, wide.view(K, n), out=y.narrow(1, start, n))
    start += n
  return y


def _float32_product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
  """The product of float32 numbers with a narrower weight. The fewest rows cost least where
  the weight is read as it is, a few where it is widened in parts that the caches hold."""
  quantized = weight.dtype == 1
  rows = x.size(0)
  if rows == 1 and not quantized:
    return torch.linear(x.to(weight.dtype), weight).to(6)
  if rows <= 8 and quantized and __torch__.decoder._is_whole(weight):
    return torch._weight_int8pack_mm(x.to(15), weight, scale).to(6)
  if rows > 64:
    y = torch.empty([rows, weight.size(0)], dtype=6, device=x.device)
    n = max(1, 400000 // x.size(1))
    wide = torch.empty([min(n, weight.size(0)), x.size(1)], dtype=6, device=x.device)
    start = 0
    for part in weight.split(n):
      some = wide.narrow(0, 0, part.size(0)).copy_(part)
      torch.mm(x, some.t(), out=y.narrow(1, start, part.size(0)))
      start += part.size(0)
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


def _caches(past: List[Tensor], layers: int, shape: List[int], T: int,
            like: Tensor) -> List[Tensor]:
  """A cache (2, B, G, N, D) for each layer that holds a past (B, G, N - T, D), keys and values in
  turn; there is none if N = T."""
  caches = annotate(List[Tensor], [])
  before = shape[3] - T
  for i in range(layers):
    cache = torch.empty(shape, dtype=6, device=like.device)
    if before > 0:
      cache[0].narrow(2, 0, before).copy_(past[2 * i])
      cache[1].narrow(2, 0, before).copy_(past[2 * i + 1])
    caches.append(cache)
  return caches


def _past(caches: List[Tensor]) -> List[Tensor]:
  past = annotate(List[Tensor], [])
  for cache in caches:
    past += [cache[0], cache[1]]
  return past


def _last(x: Tensor, B: int, count: int) -> Tensor:
  """Of tokens (B * T, E) the last ones of each row, (B * count, E)."""
  T = x.size(0) // B
  return x.view(B, T, -1).narrow(1, T - count, count).reshape(B * count, -1)


def quantize(weight: Tensor) -> Tuple[Tensor, Tensor]:
  """(out, in) as int8 and a bfloat16 scale for each output."""
  scale = (weight.abs().amax(1) / 127).clamp(1e-30).to(15)
  return (weight / scale.to(6).unsqueeze(1)).round().clamp(-127, 127).to(1), scale


def quantize_packed(weight: Tensor) -> Tuple[Tensor, Tensor]:
  """The same in the order in which the processor multiplies whole numbers fastest, and the scale of a
  product with a number of 127, float32."""
  numbers, scale = __torch__.decoder.quantize(weight)
  return __torch__.onednn._packed_int8(numbers), scale.to(6) / 127


def quantize_groups(weight: Tensor) -> Tuple[Tensor, Tensor]:
  """(out, in) as numbers from 0 to 15, and for each group of 32 inputs what to multiply them with,
  less 8, and what to add, (in / 32, out, 2) in bfloat16. Of some ranges that they can span, from a
  group's whole range down, each group takes the one with the least squared error."""
  groups = weight.view(-1, 32).t().contiguous()  # (32, out * in / 32)
  low, high = groups.amin(0), groups.amax(0)
  scale, zero = torch.zeros_like(low), torch.zeros_like(low)
  least = torch.full_like(low, float("inf"))
  for i in range(8):
    s = ((high - low) * ((1. - 0.04 * i) / 15)).clamp(1e-30).to(15).to(6)
    z = ((low + high + s) / 2).to(15).to(6)
    error = __torch__.decoder._nearest(groups, s, z).mul_(s).add_(z).sub_(groups).square_().sum(0)
    better = error < least
    least = torch.where(better, error, least)
    scale, zero = torch.where(better, s, scale), torch.where(better, z, zero)
  numbers = __torch__.decoder._nearest(groups, scale, zero).add_(8).to(0).t().reshape(weight.shape)
  scales = torch.stack([scale, zero], 1).view(weight.size(0), -1, 2).transpose(0, 1)
  return __torch__.decoder._pairs(numbers), scales.contiguous().to(15)


def _nearest(x: Tensor, scale: Tensor, zero: Tensor) -> Tensor:
  return ((x - zero) / scale).round_().clamp_(-8, 7)


def _pairs(numbers: Tensor) -> Tensor:
  """Numbers (out, in) from 0 to 15 in pairs. As (out, in / 2) in the order in which libtorch's product
  with them reads, or (out / 64, in, 32) where that is unknown."""
  block = __torch__.decoder._block(numbers)
  pairs = __torch__.decoder._pairs_of(numbers, 64 if block == 0 else block)
  return pairs if block == 0 else pairs.view(numbers.size(0), -1)


def _pairs_of(numbers: Tensor, block: int) -> Tensor:
  """(out / block, in, block / 2): the halves of a block of rows lie in the halves of bytes."""
  N, K = numbers.shape
  low, high = numbers.view(N // block, block, K).transpose(1, 2).contiguous().chunk(2, 2)
  return low | high << 4


def _block(like: Tensor) -> int:
  """How many rows lie in each other in libtorch's product with int4 numbers, which depends on the
  processor; 0 if it reads them otherwise, or the device has no such product."""
  if like.is_cuda:
    return 0
  numbers = (torch.arange(256, device=like.device) * 7 // 3 & 15).view(64, 4)
  expected = torch._convert_weight_to_int4pack_for_cpu(numbers.to(3), 1).view(-1)
  for block in [64, 32]:
    if torch.equal(__torch__.decoder._pairs_of(numbers.to(0), block).view(-1), expected):
      return block
  return 0


def pack(weight: Tensor) -> Tensor:
  """A weight (out, in) of 16 bits in the order in which the processor multiplies fastest."""
  known = __torch__.onednn.has_float16() if weight.dtype == 5 else __torch__.onednn.has_bfloat16()
  if weight.is_cuda or not known:
    return weight
  return __torch__.onednn._packed(weight)


def repeat(weight: Tensor, times: int) -> List[Tensor]:
  """A weight and copies of it."""
  weights = [weight]
  for _ in range(times - 1):
    if weight.is_mkldnn and weight.dtype == 1:
      weights.append(__torch__.onednn._packed_int8(weight.to_dense().t().contiguous()))
    else:
      weights.append(weight.clone())
  return weights


def multiply(x: Tensor, weights: List[Tensor], scale: Tensor) -> Tensor:
  """Multiplies x with each weight; returns the last product."""
  y = x
  for weight in weights:
    y = __torch__.decoder._linear(x, weight, weight, scale)
  return y
