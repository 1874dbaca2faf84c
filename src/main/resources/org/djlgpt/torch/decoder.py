# The layers of a GPT on the tokens that follow those in a cache, in one call. Weights (out, in) are
# float32, or else bfloat16 or int8 with a bfloat16 scale for each output. Linear layers and attention
# compute in the type of the caches: float32 beside float32 weights, otherwise bfloat16, or float32
# too where the processor has no bfloat16. The residual stream and the norms are float32. The weight
# itself stands in for a bias or a scale that is not there. An operator costs this interpreter
# microseconds, and a step of a small model takes little more: fewer operators are faster.


def _linear(x: Tensor, weight: Tensor, bias: Tensor, scale: Tensor, activation: str) -> Tensor:
  """(N, in) to (N, out); the activation is "none" or "gelu"."""
  b = bias if bias.dim() == 1 else annotate(Optional[Tensor], None)
  if weight.is_mkldnn:
    none = annotate(List[Optional[number]], [])
    return ops.mkldnn._linear_pointwise(x, weight, b, activation, none, "tanh")
  if weight.dtype == x.dtype:
    y = torch.linear(x, weight, b)
  else:
    if x.dtype == 6:
      y = __torch__.decoder._float32_product(x, weight, scale)
    else:
      y = __torch__.decoder._int8_product(x, weight, scale)
    y = y if b is None else y.add_(b)
  return torch.gelu(y, approximate="tanh") if activation == "gelu" else y


def _int8_product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
  if x.size(0) > 16 or x.is_cuda:
    return torch.linear(x, weight.to(15)) * scale
  return torch._weight_int8pack_mm(x, weight, scale)


def _float32_product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
  """The product of float32 numbers with a bfloat16 or int8 weight. The fewest rows cost least where
  the weight is read as it is, a few where it is widened in parts that the caches hold."""
  quantized = weight.dtype == 1
  rows = x.size(0)
  if rows == 1 and not quantized:
    return torch.linear(x.to(15), weight).to(6)
  if rows <= 8 and quantized:
    return torch._weight_int8pack_mm(x.to(15), weight, scale).to(6)
  if rows > 64:
    y = torch.linear(x, weight.to(6))
  else:
    parts = annotate(List[Tensor], [])
    for part in weight.split(max(1, 1200000 // x.size(1))):
      parts.append(torch.linear(x, part.to(6)))
    y = torch.cat(parts, 1)
  return y.mul_(scale) if quantized else y


def _attention(x: Tensor, B: int, w: List[Tensor], s: List[Tensor], cache: Tensor, start: int,
               mask: Optional[Tensor]) -> Tensor:
  qkv = __torch__.decoder._linear(x, w[0], w[1], s[0], "none")
  if len(w) == 6:
    k = __torch__.decoder._linear(x, w[2], w[3], s[0], "none")
    v = __torch__.decoder._linear(x, w[4], w[5], s[0], "none")
    qkv = torch.cat([qkv, k, v], 1)
  qkv = qkv.view(B, -1, 3, cache.size(2), cache.size(4)).permute(2, 0, 3, 1, 4)
  window = start + qkv.size(3)
  context = __torch__.attention._attend_past(qkv[0], qkv.narrow(0, 1, 2), cache, start, window, mask)
  return context.transpose(1, 2).reshape(x.size(0), -1)


def _layer(x: Tensor, B: int, w: List[Tensor], s: List[Tensor], cache: Tensor, start: int,
           mask: Optional[Tensor]) -> Tensor:
  """Changes x (B * T, E)."""
  type = cache.dtype
  E = [x.size(1)]
  normed = torch.layer_norm(x, E, w[0], w[1], 1e-05).to(type)
  context = __torch__.decoder._attention(normed, B, w[10:], s[3:], cache, start, mask)
  x += __torch__.decoder._linear(context, w[2], w[3], s[0], "none")
  normed = torch.layer_norm(x, E, w[4], w[5], 1e-05).to(type)
  hidden = __torch__.decoder._linear(normed, w[6], w[7], s[1], "gelu")
  x += __torch__.decoder._linear(hidden, w[8], w[9], s[2], "none")
  return x


def _layers(x: Tensor, B: int, layers: List[Tensor], scales: List[Tensor], caches: List[Tensor],
            start: int, mask: Optional[Tensor]) -> Tensor:
  """Changes x (B * T, E)."""
  weights = len(layers) // len(caches)
  for i in range(len(caches)):
    w = layers[weights * i:weights * (i + 1)]
    x = __torch__.decoder._layer(x, B, w, scales[4 * i:4 * i + 4], caches[i], start, mask)
  return x


def _mask(T: int, attended: Tensor) -> Tensor:
  """Which of N keys each of the last T queries sees: those attended to (B, N) up to itself, and
  itself in any case."""
  key = torch.arange(attended.size(1), device=attended.device)
  query = key.narrow(0, key.size(0) - T, T).unsqueeze(1)
  seen = (key <= query) & attended.unsqueeze(1) | (key == query)
  return seen.unsqueeze(1)  # (B, 1, T, N)


def _words(tokens: Tensor, w: List[Tensor]) -> Tensor:
  words = torch.embedding(w[0], tokens).to(6)
  if w[0].dtype == 1:
    words *= torch.embedding(w[1].unsqueeze(1), tokens)
  return words


def _positions(T: int, w: List[Tensor], start: int, padding: List[Tensor]) -> Tensor:
  if len(padding) == 0:
    return w[2].narrow(0, start, T)
  position = torch.arange(start, start + T, device=w[2].device) - padding[0].unsqueeze(1)
  return torch.embedding(w[2], position.clamp(0))


def decode(tokens: Tensor, start: int, padding: List[Tensor], every: bool, layers: List[Tensor],
           scales: List[Tensor], ends: List[Tensor], caches: List[Tensor]) -> Tensor:
  """Logits of the last of tokens (B, T), as (B, 1, V), or of every one, (B, T, V). There is one
  padding (B), the number of tokens to leave out at the start of each row, or none."""
  B, T = tokens.shape
  mask = annotate(Optional[Tensor], None)
  if len(padding) > 0:
    key = torch.arange(start + T, device=tokens.device)
    mask = __torch__.decoder._mask(T, key >= padding[0].unsqueeze(1))
  x = __torch__.decoder._words(tokens, ends) + __torch__.decoder._positions(T, ends, start, padding)
  x = __torch__.decoder._layers(x.view(B * T, -1), B, layers, scales, caches, start, mask)
  if not every:
    x = x.view(B, T, -1)[:, T - 1]
  x = torch.layer_norm(x, [x.size(1)], ends[3], ends[4], 1e-05).to(caches[0].dtype)
  logits = __torch__.decoder._linear(x, ends[5], ends[5], ends[6], "none").to(6)
  return logits.view(B, -1, logits.size(1))


def extend(tokens: Tensor, positions: Tensor, attended: Tensor, heads: int, type: int,
           layers: List[Tensor], scales: List[Tensor], ends: List[Tensor],
           past: List[Tensor]) -> List[Tensor]:
  """Logits (B, T, V) of tokens (B, T), the normed states (B, T, E) that they come from, and the
  past with these tokens: keys and values in turn, (B, heads, N, headDim). Attended (B, N) is zero
  where a key is padding. At first there is no past. The type is what the layers compute in."""
  B, T = tokens.shape
  N = attended.size(1)
  shape = [2, B, heads, N, ends[2].size(1) // heads]
  caches = annotate(List[Tensor], [])
  for i in range(len(scales) // 4):
    cache = torch.empty(shape, dtype=type, device=tokens.device)
    if N > T:
      cache[0].narrow(2, 0, N - T).copy_(past[2 * i])
      cache[1].narrow(2, 0, N - T).copy_(past[2 * i + 1])
    caches.append(cache)
  mask = annotate(Optional[Tensor], None)
  if not bool(attended.all()):
    mask = __torch__.decoder._mask(T, attended.to(11))
  x = (__torch__.decoder._words(tokens, ends) + torch.embedding(ends[2], positions)).view(B * T, -1)
  x = __torch__.decoder._layers(x, B, layers, scales, caches, N - T, mask)
  x = torch.layer_norm(x, [x.size(1)], ends[3], ends[4], 1e-05)
  logits = __torch__.decoder._linear(x.to(type), ends[5], ends[5], ends[6], "none").to(6)
  results = [logits.view(B, T, -1), x.view(B, T, -1)]
  for cache in caches:
    results += [cache[0].to(6), cache[1].to(6)]
  return results


def quantize(weight: Tensor) -> Tuple[Tensor, Tensor]:
  """(out, in) as int8 and a bfloat16 scale for each output."""
  scale = (weight.abs().amax(1) / 127).clamp(1e-30).to(15)
  return (weight / scale.to(6).unsqueeze(1)).round().clamp(-127, 127).to(1), scale


def pack(weight: Tensor) -> Tensor:
  """A bfloat16 weight (out, in) in the order in which the processor multiplies fastest."""
  if weight.is_cuda or not __torch__.precision.has_bfloat16():
    return weight
  return ops.mkldnn._reorder_linear_weight(weight, 1)
