def adamw(parameters: List[Tensor], gradients: List[Tensor], means: List[Tensor],
          variances: List[Tensor], step: int, rate: float, beta1: float, beta2: float,
          epsilon: float, decay: float, divisor: float) -> None:
  """One step of AdamW on the gradients divided by the divisor."""
  count = torch.full([], float(step), dtype=6, device=parameters[0].device)
  steps = annotate(List[Tensor], [])
  for _ in range(len(parameters)):
    steps.append(count)
  scale = annotate(Optional[Tensor], None)
  if divisor != 1.:
    scale = torch.full([], divisor, dtype=6, device=parameters[0].device)
  torch._fused_adamw_(parameters, gradients, means, variances, [], steps, lr=rate, beta1=beta1,
                      beta2=beta2, weight_decay=decay, eps=epsilon, amsgrad=False, maximize=False,
                      grad_scale=scale, found_inf=None)
