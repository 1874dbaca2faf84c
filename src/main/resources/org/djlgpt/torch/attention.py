def causal_attention(q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
  """Attention of each token to itself and the tokens before it; (B, heads, T, headDim)."""
  # On a CPU libtorch's fused kernel knows no dropout, and below 768 tokens its backward pass works
  # in blocks of at most 64 queries, which is too few for bfloat16 products to be fast.
  fused = q.is_cuda or dropout == 0. and (q.dtype == 6 or q.size(2) >= 768)
  if fused:
    return torch.scaled_dot_product_attention(q, k, v, None, dropout, True)
  return __torch__.attention._explicit(q, k, v, dropout)


def _explicit(q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
  B, heads, T, D = q.shape
  future = torch.full([T, T], float("-inf"), dtype=q.dtype, device=q.device).triu(1)
  q, k, v = q.reshape(B * heads, T, D), k.reshape(B * heads, T, D), v.reshape(B * heads, T, D)
  weights = torch.baddbmm(future, q, k.transpose(1, 2), alpha=D ** -0.5).softmax(-1)
  if dropout > 0.:
    weights = torch.dropout(weights, dropout, True)
  return torch.bmm(weights, v).view(B, heads, T, D)


def attend_past(q: Tensor, k: Tensor, v: Tensor, cache: Tensor, start: int) -> Tensor:
  """Attention of T new tokens to themselves and to the start tokens in a cache, which takes their
  keys and values; q, k, v (B, heads, T, headDim), the cache (2, B, heads, contextLength, headDim).
  """
  return __torch__.attention._attend_past(torch.stack([q, k, v]), cache, start, None)


def _attend_past(qkv: Tensor, cache: Tensor, start: int, mask: Optional[Tensor]) -> Tensor:
  T = qkv.size(3)
  cache.narrow(3, start, T).copy_(qkv.narrow(0, 1, 2))
  seen = cache.narrow(3, 0, start + T)
  causal = T > 1 and start == 0 and mask is None
  if T > 1 and start > 0 and mask is None:
    mask = torch.ones([T, start + T], dtype=11, device=qkv.device).tril(start)
  return torch.scaled_dot_product_attention(qkv[0], seen[0], seen[1], mask, 0., causal)
