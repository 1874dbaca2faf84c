# The layers of a GPT on the tokens that follow those in a cache, in one call. A weight (out, in) is
# float32, bfloat16, or int8 with a bfloat16 scale for each output; x, norms and biases are float32.
# The weight itself stands in for a scale or a bias that is not there.


def _product(x: Tensor, weight: Tensor, scale: Tensor) -> Tensor:
  """(N, in) to (N, out), both bfloat16."""
  if weight.dtype == 1:
    if x.size(0) > 16 or x.is_cuda:
      return torch.linear(x, weight.to(15)) * scale
    return torch._weight_int8pack_mm(x, weight, scale)
  if weight.is_mkldnn:
    none = annotate(List[Optional[number]], [])
    return ops.mkldnn._linear_pointwise(x, weight, None, "none", none, "")
  return torch.linear(x, weight)


def _linear(x: Tensor, weight: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
  """(N, in) to (N, out)."""
  if weight.dtype == 6:
    return torch.linear(x, weight, bias) if bias.dim() == 1 else torch.linear(x, weight)
  y = __torch__.decoder._product(x.to(15), weight, scale).to(6)
  return y.add_(bias) if bias.dim() == 1 else y


def _norm(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
  return torch.layer_norm(x, [x.size(-1)], scale, shift, 1e-05)


def _attention(x: Tensor, B: int, heads: int, w: List[Tensor], s: List[Tensor], keys: Tensor,
               values: Tensor, start: int, mask: Optional[Tensor]) -> Tensor:
  q = __torch__.decoder._linear(x, w[0], s[0], w[1]).to(keys.dtype)
  k = __torch__.decoder._linear(x, w[2], s[1], w[3]).to(keys.dtype)
  v = __torch__.decoder._linear(x, w[4], s[2], w[5]).to(keys.dtype)
  q = q.view(B, -1, heads, keys.size(3)).transpose(1, 2)  # (B, heads, T, headDim)
  k = k.view(B, -1, heads, keys.size(3)).transpose(1, 2)
  v = v.view(B, -1, heads, keys.size(3)).transpose(1, 2)
  context = __torch__.attention._attend_past(q, k, v, keys, values, start, mask)
  context = context.transpose(1, 2).reshape(x.size(0), -1).to(6)
  return __torch__.decoder._linear(context, w[6], s[3], w[7])


def _feed_forward(x: Tensor, w: List[Tensor], s: List[Tensor]) -> Tensor:
  hidden = torch.gelu(__torch__.decoder._linear(x, w[0], s[0], w[1]), approximate="tanh")
  return __torch__.decoder._linear(hidden, w[2], s[1], w[3])


def _mask(B: int, T: int, start: int, padding: Tensor) -> Tensor:
  """Which keys each query sees: none before the padding ends and none after itself; a query that is
  padding sees itself."""
  end = start + T
  key = torch.arange(end, device=padding.device)
  query = torch.arange(start, end, device=padding.device).unsqueeze(1)
  seen = (key <= query) & (key >= padding.view(B, 1, 1)) | (key == query)
  return seen.unsqueeze(1)  # (B, 1, T, start + T)


def _embed(tokens: Tensor, w: List[Tensor], start: int, padding: List[Tensor]) -> Tensor:
  T = tokens.size(1)
  words = torch.embedding(w[0], tokens).to(6)
  if w[0].dtype == 1:
    words *= torch.embedding(w[1].unsqueeze(1), tokens)
  if len(padding) == 0:
    return words + w[2][start:start + T]
  position = torch.arange(start, start + T, device=tokens.device) - padding[0].unsqueeze(1)
  return words + torch.embedding(w[2], position.clamp(0))


def decode(tokens: Tensor, start: int, padding: List[Tensor], heads: int, every: bool,
           layers: List[Tensor], scales: List[Tensor], ends: List[Tensor], keys: List[Tensor],
           values: List[Tensor]) -> Tensor:
  """Logits of the last of tokens (B, T), as (B, 1, V), or of every one, (B, T, V). There is one
  padding (B), the number of tokens to leave out at the start of each row, or none."""
  B, T = tokens.shape
  mask = annotate(Optional[Tensor], None)
  if len(padding) > 0:
    mask = __torch__.decoder._mask(B, T, start, padding[0])
  x = __torch__.decoder._embed(tokens, ends, start, padding).view(B * T, -1)
  for layer in range(len(keys)):
    w = layers[16 * layer:16 * layer + 16]
    s = scales[6 * layer:6 * layer + 6]
    normed = __torch__.decoder._norm(x, w[0], w[1])
    x = x + __torch__.decoder._attention(
        normed, B, heads, w[2:10], s[:4], keys[layer], values[layer], start, mask)
    normed = __torch__.decoder._norm(x, w[10], w[11])
    x = x + __torch__.decoder._feed_forward(normed, w[12:], s[4:])
  if not every:
    x = x.view(B, T, -1)[:, T - 1]
  x = __torch__.decoder._norm(x, ends[3], ends[4])
  return __torch__.decoder._linear(x, ends[5], ends[6], ends[7]).view(B, -1, ends[5].size(0))


def quantize(weight: Tensor) -> Tuple[Tensor, Tensor]:
  """(out, in) as int8 and a bfloat16 scale for each output."""
  scale = (weight.abs().amax(1) / 127).clamp(1e-30).to(15)
  return (weight / scale.to(6).unsqueeze(1)).round().clamp(-127, 127).to(1), scale


def pack(weight: Tensor) -> Tensor:
  """A bfloat16 weight (out, in) in the order in which the processor multiplies fastest."""
  if weight.is_cuda or not bool(ops.mkldnn._is_mkldnn_bf16_supported()):
    return weight
  return ops.mkldnn._reorder_linear_weight(weight, 1)
