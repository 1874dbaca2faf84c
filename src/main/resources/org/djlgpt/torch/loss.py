# The gradient of a cross-entropy over logits z is softmax(z) - onehot(target), over the number of
# rows. These functions compute it together with the loss, a few rows at a time, so that float32
# probabilities of the whole (N, V) never exist. TorchScript has no custom backward functions: the
# scalar product of an input with its known gradient is added and subtracted again, which leaves the
# value as it is and gives autograd that gradient.


def _rows(width: int, elements: int) -> int:
  return max(1, elements // width)


def _losses_and_gradients(logits: Tensor, targets: Tensor, gradient: Tensor,
                          share: Optional[Tensor]) -> Tensor:
  """The losses (N); writes the gradient of each, which may take the place of the logits."""
  losses = torch.empty([logits.size(0)], dtype=6, device=logits.device)
  step = __torch__.loss._rows(logits.size(1), 1048576)
  for start in range(0, logits.size(0), step):
    end = min(start + step, logits.size(0))
    target = targets[start:end].unsqueeze(1)
    log_probability = torch.log_softmax(logits[start:end], -1, dtype=6)
    losses[start:end] = -log_probability.gather(1, target).squeeze(1)
    probability = log_probability.exp_()
    probability.scatter_add_(1, target, torch.full_like(target, -1, dtype=6))
    if share is not None:
      probability.mul_(share[start:end].unsqueeze(1))
    gradient[start:end] = probability
  return __torch__.loss._shared(losses, share)


def _shared(losses: Tensor, share: Optional[Tensor]) -> Tensor:
  if share is not None:  # the loss of a row that does not count may be infinite
    losses = losses.masked_fill(share == 0, 0.) * share
  return losses


def _counted(x: Tensor, targets: Tensor, words: int,
             look: bool) -> Tuple[Tensor, Tensor, Optional[Tensor], Tensor]:
  """The rows of x (N, ..) and targets (N) that count: those whose target is not -100; and their
  number. Who does not look, since that would wait for a GPU, gets all rows, and what each counts (N):
  1, or 0 if its target is -100, or NaN if it is no word."""
  counts = targets != -100
  share = annotate(Optional[Tensor], None)
  if not look:
    unknown = (targets < 0) | (targets >= words)
    share = counts.to(6).masked_fill(unknown & counts, float("nan"))
    targets = targets.clamp(0, words - 1)
  elif not bool(counts.all()):
    rows = counts.nonzero().squeeze(1)
    x, targets = x.index_select(0, rows), targets.index_select(0, rows)
  return x, targets, share, counts.sum()


def cross_entropy(logits: Tensor, targets: Tensor, look: bool) -> Tensor:
  """The mean loss of logits (N, V) against targets (N)."""
  logits, targets, share, rows = __torch__.loss._counted(logits, targets, logits.size(1), look)
  fixed = logits.detach()
  gradient = torch.empty_like(fixed)
  losses = __torch__.loss._losses_and_gradients(fixed, targets, gradient, share)
  loss = losses.sum() / rows
  if logits.requires_grad:
    carrier = torch.dot(logits.reshape(-1), gradient.view(-1)).to(6) / rows
    # a word that is ruled out: minus infinity times zero
    if not look or not bool(torch.isfinite(carrier)):
      possible = logits.masked_fill(gradient == 0, 0.)
      carrier = torch.dot(possible.reshape(-1), gradient.view(-1)).to(6) / rows
    loss = loss + (carrier - carrier.detach())
  return loss


def linear_cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor, look: bool) -> Tensor:
  """The mean loss of the logits hidden weight^T: (N, E) and (V, E) against targets (N)."""
  hidden, targets, share, counted = __torch__.loss._counted(hidden, targets, weight.size(0), look)
  h = hidden.detach().type_as(weight)
  w = weight.detach()
  rows = h.size(0)
  learns = weight.requires_grad
  loss = torch.zeros([], dtype=6, device=h.device)
  if hidden.requires_grad or learns:
    h_gradient = torch.empty_like(h)
    w_gradient = torch.zeros_like(w) if learns else w
    # each part passes over the whole gradient of a weight that learns; without, few rows do as well
    step = __torch__.loss._rows(w.size(0), 67108864 if learns else 8388608)
    for start in range(0, rows, step):
      end = min(start + step, rows)
      logits = torch.linear(h[start:end], w)
      part = __torch__.loss._part(share, start, end)
      loss += __torch__.loss._losses_and_gradients(logits, targets[start:end], logits, part).sum()
      h_gradient[start:end] = torch.mm(logits, w)
      if learns:
        w_gradient.addmm_(logits.t(), h[start:end])
    loss = loss / counted
    carrier = torch.dot(hidden.reshape(-1), h_gradient.type_as(hidden).view(-1)).to(6)
    if learns:
      carrier = carrier + torch.dot(weight.reshape(-1), w_gradient.view(-1)).to(6)
    carrier = carrier / counted
    loss = loss + (carrier - carrier.detach())
  else:
    step = __torch__.loss._rows(w.size(0), 8388608)
    for start in range(0, rows, step):
      end = min(start + step, rows)
      logits = torch.linear(h[start:end], w)
      log_probability = torch.log_softmax(logits, -1, dtype=6)
      known = log_probability.gather(1, targets[start:end].unsqueeze(1)).squeeze(1)
      loss -= __torch__.loss._shared(known, __torch__.loss._part(share, start, end)).sum()
    loss = loss / counted
  return loss


def _part(share: Optional[Tensor], start: int, end: int) -> Optional[Tensor]:
  part = annotate(Optional[Tensor], None)
  if share is not None:
    part = share[start:end]
  return part


def linear_log_probabilities(hidden: Tensor, weight: Tensor, targets: Tensor,
                             look: bool) -> Tensor:
  """What the logits hidden weight^T, (N, E) and (V, E), make of each of targets (N); 0 for -100."""
  all = targets
  x, targets, share, _ = __torch__.loss._counted(hidden, targets, weight.size(0), look)
  if weight.requires_grad:  # its gradient mixes rows by weights that only the backward pass knows
    logits = torch.linear(x.type_as(weight), weight)
    known = torch.log_softmax(logits, -1, dtype=6).gather(1, targets.unsqueeze(1)).squeeze(1)
    known = __torch__.loss._shared(known, share)
  else:
    h = x.detach().type_as(weight)
    rows = h.size(0)
    known = torch.empty([rows], dtype=6, device=h.device)
    gradient = torch.empty_like(h)
    step = __torch__.loss._rows(weight.size(0), 8388608)
    for start in range(0, rows, step):
      end = min(start + step, rows)
      logits = torch.linear(h[start:end], weight)
      part = __torch__.loss._part(share, start, end)
      known[start:end] = -__torch__.loss._losses_and_gradients(
          logits, targets[start:end], logits, part)
      if x.requires_grad:
        gradient[start:end] = torch.mm(logits, weight)
    if x.requires_grad:
      carrier = torch.sum(x * gradient.type_as(x), [-1]).to(6)
      known = known - (carrier - carrier.detach())
  if look and known.size(0) < all.size(0):
    counted = (all != -100).nonzero().squeeze(1)
    zeros = torch.zeros([all.size(0)], dtype=6, device=hidden.device)
    known = zeros.index_copy(0, counted, known)
  return known


def log_probabilities(logits: Tensor, targets: Tensor) -> Tensor:
  """What logits (N, V) make of each of targets (N); 0 for -100."""
  _, targets, share, _ = __torch__.loss._counted(logits, targets, logits.size(1), False)
  known = torch.log_softmax(logits, -1, dtype=6).gather(1, targets.unsqueeze(1)).squeeze(1)
  return __torch__.loss._shared(known, share)
