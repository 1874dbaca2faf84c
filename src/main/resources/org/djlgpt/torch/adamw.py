def adamw(parameters: List[Tensor], gradients: List[Tensor], means: List[Tensor],
          variances: List[Tensor], step: int, rate: float, beta1: float, beta2: float,
          epsilon: float, decay: float, guards: List[Tensor]) -> None:
  """One step of AdamW. Guards, if there are any, are what the gradients are divided by, and 1 where
  nothing is to change, or 0."""
  count = torch.full([], float(step), dtype=6, device=parameters[0].device)
  steps = annotate(List[Tensor], [])
  for _ in range(len(parameters)):
    steps.append(count)
  scale, skipped = annotate(Optional[Tensor], None), annotate(Optional[Tensor], None)
  if len(guards) == 2:
    scale, skipped = guards[0], guards[1]
  torch._fused_adamw_(parameters, gradients, means, variances, [], steps, lr=rate, beta1=beta1,
                      beta2=beta2, weight_decay=decay, eps=epsilon, amsgrad=False, maximize=False,
                      grad_scale=scale, found_inf=skipped)


def guards(losses: List[Tensor], norm: Tensor, most: float) -> List[Tensor]:
  """What a step divides its gradients by so that their norm is the most at most, or any if that is 0,
  and 1 if it must not be taken, since a loss or the norm is not finite."""
  divisor = torch.ones_like(norm)
  if most > 0.:
    divisor = (norm / most).clamp(1.)
  finite = torch.isfinite(norm) & torch.isfinite(torch.stack(losses)).all()
  return [divisor, finite.logical_not().to(6)]
