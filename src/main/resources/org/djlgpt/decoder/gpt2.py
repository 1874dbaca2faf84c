# GPT-2: positions are vectors, norms centre.


def _norm(x: Tensor, scale: Tensor, shift: Tensor, epsilon: float) -> Tensor:
  b = shift if shift.dim() == 1 else annotate(Optional[Tensor], None)
  return torch.layer_norm(x, [x.size(1)], scale, b, epsilon)


def _attention(x: Tensor, B: int, qkv: List[Tensor], cache: Tensor, start: int,
               mask: Optional[Tensor]) -> Tensor:
  """(B * T, E) to the same."""
  _, _, H, _, D = cache.shape
  heads = __torch__.decoder._side_by_side(x, qkv).view(B, -1, 3, H, D).permute(2, 0, 3, 1, 4)
  window = start + heads.size(3)
  context = __torch__.attention._attend_past(
      heads[0], heads.narrow(0, 1, 2), cache, start, window, mask)  # (B, H, T, D)
  return context.transpose(1, 2).reshape(x.size(0), -1)


def _layer(x: Tensor, B: int, weights: List[Tensor], qkv: List[Tensor], cache: Tensor, start: int,
           mask: Optional[Tensor], type: int, epsilon: float, activation: str) -> Tensor:
  """Changes x (B * T, E)."""
  (norm1, shift1, norm2, shift2,             # (E)
   output, output_bias, output_scale,        # (E, E), (E), (E)
   up, up_bias, up_scale,                    # (F, E), (F), (F)
   down, down_bias, down_scale) = weights    # (E, F), (E), (E)
  normed = __torch__.gpt2._norm(x, norm1, shift1, epsilon).to(type)
  context = __torch__.gpt2._attention(normed, B, qkv, cache, start, mask)
  x += __torch__.decoder._linear(context, output, output_bias, output_scale)
  normed = __torch__.gpt2._norm(x, norm2, shift2, epsilon).to(type)
  hidden = __torch__.decoder._activated(normed, up, up_bias, up_scale, activation)
  x += __torch__.decoder._linear(hidden, down, down_bias, down_scale)
  return x


def _layers(x: Tensor, B: int, weights: List[Tensor], qkv: List[Tensor], caches: List[Tensor],
            start: int, mask: Optional[Tensor], type: int, epsilon: float,
            activation: str) -> Tensor:
  """Changes x (B * T, E)."""
  n = len(weights) // len(caches)
  m = len(qkv) // len(caches)
  for i in range(len(caches)):
    x = __torch__.gpt2._layer(x, B, weights[n * i:n * (i + 1)], qkv[m * i:m * (i + 1)], caches[i],
                              start, mask, type, epsilon, activation)
  return x


def decode_gpt2(tokens: Tensor, start: int, padding: List[Tensor], count: int, type: int,
                weights: List[Tensor], qkv: List[Tensor], ends: List[Tensor],
                caches: List[Tensor], epsilon: float, activation: str) -> Tensor:
  """Logits (B, count, V) of the last of tokens (B, T). There is one padding (B), the number of
  tokens to leave out at the start of each row, or none. The type is what the layers compute in."""
  (words, words_scale,                       # (V, E), (V)
   positions,                                # (C, E)
   norm, shift,                              # (E)
   head, head_scale) = ends                  # (V, E), (V)
  B, T = tokens.shape
  x = __torch__.decoder._words(tokens, words, words_scale)
  if len(padding) == 0:
    x = x + positions.narrow(0, start, T)
  else:
    place = __torch__.decoder._positions(tokens, start, padding)
    x = x + torch.embedding(positions, place)
  mask = __torch__.decoder._padding_mask(tokens, start, padding)
  x = __torch__.gpt2._layers(x.view(B * T, -1), B, weights, qkv, caches, start, mask, type,
                             epsilon, activation)
  x = __torch__.gpt2._norm(__torch__.decoder._last(x, B, count), norm, shift, epsilon)
  logits = __torch__.decoder._linear(x.to(type), head, head, head_scale).to(6)
  return logits.view(B, -1, logits.size(1))


def extend_gpt2(tokens: Tensor, positions: Tensor, attended: Tensor, shape: List[int], type: int,
                weights: List[Tensor], qkv: List[Tensor], ends: List[Tensor],
                past: List[Tensor], epsilon: float, activation: str) -> List[Tensor]:
  """Logits (B, T, V) of tokens (B, T), the normed states (B, T, E) that they come from, and the
  past with these tokens: keys and values in turn, (B, H, N, D). Attended (B, N) is zero where a key
  is padding. At first there is no past. The type is what the layers compute in."""
  (words, words_scale, vectors, norm, shift, head, head_scale) = ends
  B, T = tokens.shape
  layers = len(weights) // 13
  caches = __torch__.decoder._caches(past, layers, shape, T, tokens)
  mask = __torch__.decoder._attended_mask(T, attended)
  x = __torch__.decoder._words(tokens, words, words_scale) + torch.embedding(vectors, positions)
  x = __torch__.gpt2._layers(x.view(B * T, -1), B, weights, qkv, caches, shape[3] - T, mask, type,
                             epsilon, activation)
  x = __torch__.gpt2._norm(x, norm, shift, epsilon)
  logits = __torch__.decoder._linear(x.to(type), head, head, head_scale).to(6)
  return [logits.view(B, T, -1), x.view(B, T, -1)] + __torch__.decoder._past(caches)
