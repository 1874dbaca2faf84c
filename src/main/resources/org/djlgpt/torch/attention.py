def causal_attention(q: Tensor, k: Tensor, v: Tensor, dropout: float, window: int) -> Tensor:
  """Attention of each token to itself and the tokens before it, window of them at most;
  q (B, heads, T, headDim), k and v (B, groups, T, headDim)."""
  T = q.size(2)
  k, v = __torch__.attention._for_queries(k, q), __torch__.attention._for_queries(v, q)
  fused = __torch__.attention._is_fused(q, dropout)
  if fused and window >= T:
    return torch.scaled_dot_product_attention(q, k, v, None, dropout, True)
  hidden = __torch__.attention._hidden(T, 0, window, q)
  if fused:
    return torch.scaled_dot_product_attention(q, k, v, hidden, dropout, False)
  return __torch__.attention._explicit(q, k, v, dropout, hidden)


def masked_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, dropout: float) -> Tensor:
  """Attention of each token to those where the mask (B, 1, T, T) is zero, and not minus infinity;
  q (B, heads, T, headDim), k and v (B, groups, T, headDim)."""
  k, v = __torch__.attention._for_queries(k, q), __torch__.attention._for_queries(v, q)
  if __torch__.attention._is_fused(q, dropout):
    return torch.scaled_dot_product_attention(q, k, v, mask, dropout, False)
  return __torch__.attention._explicit(q, k, v, dropout, mask)


def _for_queries(x: Tensor, q: Tensor) -> Tensor:
  """Repeats keys or values (B, groups, T, D); queries that share one stand side by side."""
  B, heads, T, D = q.shape
  groups = x.size(1)
  if groups == heads:
    return x
  return x.unsqueeze(2).expand(B, groups, heads // groups, T, D).reshape(B, heads, T, D)


def _is_fused(q: Tensor, dropout: float) -> bool:
  """On a CPU libtorch's fused kernel knows no dropout, and below 768 tokens its backward pass works
  in blocks of at most 64 queries, which is too few for bfloat16 products to be fast."""
  return q.is_cuda or dropout == 0. and (q.dtype == 6 or q.size(2) >= 768)


def _hidden(T: int, start: int, window: int, like: Tensor) -> Tensor:
  """Zero where one of T queries behind start tokens sees a key and minus infinity elsewhere."""
  shape = [T, start + T]
  hidden = torch.full(shape, float("-inf"), dtype=like.dtype, device=like.device).triu(start + 1)
  if window < start + T:
    past = torch.full(shape, float("-inf"), dtype=like.dtype, device=like.device)
    hidden += past.tril(start - window)
  return hidden


def _explicit(q: Tensor, k: Tensor, v: Tensor, dropout: float, hidden: Tensor) -> Tensor:
  B, heads, T, D = q.shape
  q, k, v = q.reshape(B * heads, T, D), k.reshape(B * heads, T, D), v.reshape(B * heads, T, D)
  if hidden.dim() == 2:
    scores = torch.baddbmm(hidden, q, k.transpose(1, 2), alpha=D ** -0.5)
  else:  # a mask for each row, which its heads share
    scores = torch.bmm(q, k.transpose(1, 2)).view(B, heads, T, T)
    scores = torch.add(hidden, scores, alpha=D ** -0.5).view(B * heads, T, T)
  weights = scores.softmax(-1)
  if dropout > 0.:
    weights = torch.dropout(weights, dropout, True)
  return torch.bmm(weights, v).view(B, heads, T, D)


def attend_past(q: Tensor, k: Tensor, v: Tensor, cache: Tensor, start: int, window: int) -> Tensor:
  """Attention of T new tokens to themselves and to the start tokens in a cache, which takes their
  keys and values; q (B, heads, T, headDim), k and v (B, groups, T, headDim), the cache
  (2, B, groups, contextLength, headDim)."""
  return __torch__.attention._attend_past(q, torch.stack([k, v]), cache, start, window, None)


def _attend_past(q: Tensor, kv: Tensor, cache: Tensor, start: int, window: int,
                 mask: Optional[Tensor]) -> Tensor:
  """The mask (B, 1, T, start + T) is for sequences with padding, and is true where a key is seen. The
  cache may be of another type, float32 beside 16 bits or the other way round."""
  B, heads, T, D = q.shape
  cache.narrow(3, start, T).copy_(kv)
  first = 0
  if T == 1 and mask is None:  # what the window hides need not be read
    first = max(0, start + 1 - window)
  seen = kv if start == 0 else cache.narrow(3, first, start + T - first)
  groups = cache.size(2)
  type = q.dtype
  if __torch__.attention._is_read_as_kept(q, cache):
    q = q.to(cache.dtype)
  k, v = seen.to(q.dtype).unbind(0)
  if groups < heads and T == 1:  # queries that share a key are rows of one product
    q = q.view(B, groups, -1, D)
  elif groups < heads:
    shape = [B, groups, heads // groups, start + T, D]
    k = k.unsqueeze(2).expand(shape).reshape(B, heads, -1, D)
    v = v.unsqueeze(2).expand(shape).reshape(B, heads, -1, D)
  causal = T > 1 and mask is None and start == 0 and window >= T
  if T > 1 and mask is None and not causal:
    mask = __torch__.attention._hidden(T, start, window, q)
  elif mask is not None and window < start + T:
    mask = mask & torch.ones([T, start + T], dtype=11, device=q.device).triu(start + 1 - window)
  context = torch.scaled_dot_product_attention(q, k, v, mask, 0., causal)
  return context.reshape(B, heads, T, D).to(type)


def _is_read_as_kept(q: Tensor, cache: Tensor) -> bool:
  """Whether attention is computed in the type of the cache. One of float32 is rounded for many queries,
  whose products are most of the work, but on a CPU not to float16, which its kernel is slow with."""
  return cache.dtype != 6 or not q.is_cuda and (q.size(2) <= 16 or q.dtype == 5)


def grown_cache(cache: Tensor, length: int, room: int) -> Tensor:
  """The first tokens of a cache (2, B, groups, C, headDim) in one of C = room."""
  _, B, groups, _, D = cache.shape
  grown = torch.empty([2, B, groups, room, D], dtype=cache.dtype, device=cache.device)
  grown.narrow(3, 0, length).copy_(cache.narrow(3, 0, length))
  return grown


def joined_cache(cache: Tensor, rows: List[int], start: int, length: int, others: List[Tensor],
                 others_length: int, room: int) -> Tensor:
  """Some rows of a cache (2, B, groups, C, headDim), of each length tokens from a start on, and all
  rows of another cache behind them; all end at the same token, behind zeros if need be."""
  _, _, groups, _, D = cache.shape
  n = len(rows)
  size = n
  end = length
  for other in others:
    size = n + other.size(1)
    end = max(length, others_length)
  joined = torch.empty([2, size, groups, room, D], dtype=cache.dtype, device=cache.device)
  joined.narrow(3, 0, end).zero_()
  for i in range(n):
    joined[:, i].narrow(2, end - length, length).copy_(cache[:, rows[i]].narrow(2, start, length))
  for other in others:
    joined[:, n:].narrow(3, end - others_length, others_length).copy_(
        other.narrow(3, 0, others_length))
  return joined


def put_in_cache(cache: Tensor, rows: List[int], end: int, others: Tensor, length: int) -> Tensor:
  """Puts all rows of another cache, of each length tokens, in the place of some rows of a cache
  (2, B, groups, C, headDim), so that they end at the same token as the rest, behind zeros. Changes
  the cache."""
  for i in range(len(rows)):
    row = cache[:, rows[i]]  # (2, groups, C, headDim)
    row.narrow(2, 0, end - length).zero_()
    row.narrow(2, end - length, length).copy_(others[:, i].narrow(2, 0, length))
  return cache


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
  """Turns x (..., T, D) by angles whose cosines and sines are (T, D / 2), or (B, T, D / 2) for heads
  x (B, heads, T, D)."""
  cosine, sine = __torch__.attention._angles(cosine, sine)
  if x.dim() == 4:
    return __torch__.attention._turned(x, cosine.unsqueeze(-2), sine.unsqueeze(-2))
  return torch.addcmul(x * cosine, x.roll(x.size(-1) // 2, -1), sine).type_as(x)


def _angles(cosine: Tensor, sine: Tensor) -> Tuple[Tensor, Tensor]:
  """What both numbers of a pair are multiplied with, and the other of each: (..., D) of (..., D / 2)."""
  return torch.cat([cosine, cosine], -1), torch.cat([-sine, sine], -1)


def _turned(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
  """Turns heads x (B, heads, T, D) by angles (T, 1, D) or (B, T, 1, D). A linear layer puts the heads
  of a token side by side; operators are fastest in that order."""
  x = x.transpose(1, 2)
  turned = torch.addcmul(x * cosine, x.roll(x.size(-1) // 2, -1), sine)
  return turned.type_as(x).transpose(1, 2)
