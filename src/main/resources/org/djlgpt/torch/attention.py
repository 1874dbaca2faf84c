def causal_attention(q: Tensor, k: Tensor, v: Tensor, dropout: float) -> Tensor:
  """Attention of each token to itself and the tokens before it; (B, heads, T, headDim)."""
  # Under 768 tokens libtorch's attention on a CPU works in blocks of at most 64 queries. Products
  # that small are slower in bfloat16 than in float32, by a factor of four in the backward pass.
  if q.dtype == 15 and q.size(2) < 768 and not q.is_cuda:
    wide = torch.scaled_dot_product_attention(q.to(6), k.to(6), v.to(6), None, dropout, True)
    return wide.to(15)
  return torch.scaled_dot_product_attention(q, k, v, None, dropout, True)
