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
