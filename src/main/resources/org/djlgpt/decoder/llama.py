# Llama and its relatives: positions turn queries and keys, norms only scale, the feed-forward network
# is gated, and groups of H / G queries share a key and a value.


def _attention(x: Tensor, B: int, qkv: List[Tensor], q_norm: Tensor, k_norm: Tensor,
               cosine: Tensor, sine: Tensor, cache: Tensor, start: int, window: int,
               mask: Optional[Tensor], epsilon: float) -> Tensor:
  """(B * T, E) to (B * T, H * D)."""
  _, _, G, _, D = cache.shape
  heads = __torch__.decoder._side_by_side(x, qkv)
  H = heads.size(1) // D - 2 * G
  heads = heads.view(B, -1, H + 2 * G, D).transpose(1, 2)  # (B, H + 2 G, T, D)
  qk = heads.narrow(1, 0, H + G)
  if q_norm.dim() == 1:
    q = __torch__.layers.rms_norm(qk.narrow(1, 0, H).to(6), q_norm, epsilon)
    k = __torch__.layers.rms_norm(qk.narrow(1, H, G).to(6), k_norm, epsilon)
    qk = torch.cat([q, k], 1).type_as(heads)
  qk = __torch__.attention._turned(qk, cosine, sine)
  kv = torch.stack([qk.narrow(1, H, G), heads.narrow(1, H + G, G)])
  context = __torch__.attention._attend_past(
      qk.narrow(1, 0, H), kv, cache, start, window, mask)  # (B, H, T, D)
  return context.transpose(1, 2).reshape(x.size(0), -1)


def _feed_forward(x: Tensor, gate_up: List[Tensor], down: Tensor, down_scale: Tensor) -> Tensor:
  """(B * T, E) to the same; gate and up are two layers or one, (2 F, E)."""
  if len(gate_up) == 3:
    gate, up = __torch__.decoder._linear(x, gate_up[0], gate_up[1], gate_up[2]).chunk(2, 1)
  else:
    gate = __torch__.decoder._linear(x, gate_up[0], gate_up[1], gate_up[2])
    up = __torch__.decoder._linear(x, gate_up[3], gate_up[4], gate_up[5])
  return __torch__.decoder._linear(torch.silu(gate) * up, down, down, down_scale)


def _layer(x: Tensor, B: int, weights: List[Tensor], qkv: List[Tensor], gate_up: List[Tensor],
           cosine: Tensor, sine: Tensor, cache: Tensor, start: int, window: int,
           mask: Optional[Tensor], type: int, epsilon: float) -> Tensor:
  """Changes x (B * T, E)."""
  (norm1, norm2,                             # (E)
   q_norm, k_norm,                           # (D)
   output, output_scale,                     # (E, H * D), (E)
   down, down_scale) = weights               # (E, F), (E)
  normed = __torch__.layers.rms_norm(x, norm1, epsilon).to(type)
  context = __torch__.llama._attention(normed, B, qkv, q_norm, k_norm, cosine, sine, cache, start,
                                       window, mask, epsilon)
  x += __torch__.decoder._linear(context, output, output, output_scale)
  normed = __torch__.layers.rms_norm(x, norm2, epsilon).to(type)
  x += __torch__.llama._feed_forward(normed, gate_up, down, down_scale)
  return x


def _layers(x: Tensor, B: int, weights: List[Tensor], qkv: List[Tensor], gate_up: List[Tensor],
            cosine: Tensor, sine: Tensor, caches: List[Tensor], start: int, window: int,
            mask: Optional[Tensor], type: int, epsilon: float) -> Tensor:
  """Changes x (B * T, E)."""
  n = len(weights) // len(caches)
  m = len(qkv) // len(caches)
  p = len(gate_up) // len(caches)
  for i in range(len(caches)):
    x = __torch__.llama._layer(x, B, weights[n * i:n * (i + 1)], qkv[m * i:m * (i + 1)],
                               gate_up[p * i:p * (i + 1)], cosine, sine, caches[i], start, window,
                               mask, type, epsilon)
  return x


def decode_llama(tokens: Tensor, start: int, padding: List[Tensor], count: int, type: int,
                 weights: List[Tensor], qkv: List[Tensor], ends: List[Tensor],
                 caches: List[Tensor], gate_up: List[Tensor], cosine: Tensor, sine: Tensor,
                 window: int, epsilon: float) -> Tensor:
  """Logits (B, count, V) of the last of tokens (B, T). There is one padding (B), the number of
  tokens to leave out at the start of each row, or none. The type is what the layers compute in.
  Cosines and sines (.., D / 2) are those of all positions."""
  (words, words_scale,                       # (V, E), (V)
   norm,                                     # (E)
   head, head_scale) = ends                  # (V, E), (V)
  B, T = tokens.shape
  if len(padding) == 0:
    cosine, sine = cosine.narrow(0, start, T), sine.narrow(0, start, T)
  else:
    place = __torch__.decoder._positions(tokens, start, padding)
    cosine, sine = torch.embedding(cosine, place), torch.embedding(sine, place)  # (B, T, D / 2)
  cosine, sine = __torch__.attention._angles(cosine.unsqueeze(-2), sine.unsqueeze(-2))
  mask = __torch__.decoder._padding_mask(tokens, start, padding)
  x = __torch__.decoder._words(tokens, words, words_scale).view(B * T, -1)
  x = __torch__.llama._layers(x, B, weights, qkv, gate_up, cosine, sine, caches, start, window, mask,
                              type, epsilon)
  x = __torch__.layers.rms_norm(__torch__.decoder._last(x, B, count), norm, epsilon)
  logits = __torch__.decoder._linear(x.to(type), head, head, head_scale).to(6)
  return logits.view(B, -1, logits.size(1))


def extend_llama(tokens: Tensor, positions: Tensor, attended: Tensor, shape: List[int], type: int,
                 weights: List[Tensor], qkv: List[Tensor], ends: List[Tensor],
                 past: List[Tensor], gate_up: List[Tensor], cosine: Tensor, sine: Tensor,
                 window: int, epsilon: float) -> List[Tensor]:
  """Logits (B, T, V) of tokens (B, T), the normed states (B, T, E) that they come from, and the
  past with these tokens: keys and values in turn, (B, G, N, D). Attended (B, N) is zero where a key
  is padding. At first there is no past. The type is what the layers compute in."""
  (words, words_scale, norm, head, head_scale) = ends
  B, T = tokens.shape
  layers = len(weights) // 8
  caches = __torch__.decoder._caches(past, layers, shape, T, tokens)
  mask = __torch__.decoder._attended_mask(T, attended)
  cosine, sine = __torch__.attention._angles(
      torch.embedding(cosine, positions).unsqueeze(2), torch.embedding(sine, positions).unsqueeze(2))
  x = __torch__.decoder._words(tokens, words, words_scale).view(B * T, -1)
  x = __torch__.llama._layers(x, B, weights, qkv, gate_up, cosine, sine, caches, shape[3] - T, window,
                              mask, type, epsilon)
  x = __torch__.layers.rms_norm(x, norm, epsilon)
  logits = __torch__.decoder._linear(x.to(type), head, head, head_scale).to(6)
  return [logits.view(B, T, -1), x.view(B, T, -1)] + __torch__.decoder._past(caches)
