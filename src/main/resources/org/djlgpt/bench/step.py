def learn(tokens: Tensor, targets: Tensor, parameters: List[Tensor], heads: int) -> List[Tensor]:
  """The gradients of a GPT-2 of one layer, and behind them its loss: what a training step computes
  of tokens and targets (B, T), in one function."""
  (words, places, query, key, value, output, output_bias, up, up_bias, down, down_bias,
   scale1, shift1, scale2, shift2, scale3, shift3) = parameters
  B, T = tokens.shape
  width = words.size(1)
  x = torch.embedding(words, tokens) + places
  y = torch.layer_norm(x, [width], scale1, shift1)
  q = __torch__.step._heads(torch.linear(y, query), heads)
  k = __torch__.step._heads(torch.linear(y, key), heads)
  v = __torch__.step._heads(torch.linear(y, value), heads)
  y = __torch__.attention.causal_attention(q, k, v, 0., T).transpose(1, 2).reshape(B, T, width)
  x = x + torch.linear(y, output, output_bias)
  y = torch.layer_norm(x, [width], scale2, shift2)
  y = __torch__.layers.gelu_tanh(torch.linear(y, up, up_bias))
  x = x + torch.linear(y, down, down_bias)
  x = torch.layer_norm(x, [width], scale3, shift3).view(-1, width)
  loss = __torch__.loss.linear_cross_entropy(x, words, targets.view(-1), True)
  gradients = __torch__.gradients.gradients(loss, parameters)
  gradients.append(loss.detach())
  return gradients


def _heads(x: Tensor, heads: int) -> Tensor:
  return x.view(x.size(0), x.size(1), heads, -1).transpose(1, 2)


def update(parameters: List[Tensor], gradients: List[Tensor], means: List[Tensor],
           squares: List[Tensor], number: int, rate: float) -> None:
  """An update as a training takes it: clipped to a norm of 1, matrices decay."""
  norm = __torch__.gradients.norm(gradients)
  guards = __torch__.adamw.guards([norm], norm, 1.)
  for decays in [True, False]:
    p = annotate(List[Tensor], [])
    g = annotate(List[Tensor], [])
    m = annotate(List[Tensor], [])
    s = annotate(List[Tensor], [])
    for i in range(len(parameters)):
      if (parameters[i].dim() >= 2) == decays:
        p.append(parameters[i])
        g.append(gradients[i])
        m.append(means[i])
        s.append(squares[i])
    __torch__.adamw.adamw(p, g, m, s, number, rate, 0.9, 0.99, 1e-8, 0.1 if decays else 0., guards)
