# The gradient of a cross-entropy over logits z is softmax(z) - onehot(target), over the number of
# rows. These functions compute it together with the loss where gradients are recorded, a part of the
# rows at a time, so that float32 probabilities of a large (N, V) never exist. TorchScript has no custom
# backward functions: the scalar product of an input with its known gradient is added and subtracted
# again, which leaves the value as it is and gives autograd that gradient.


def _records(x: Tensor) -> bool:
  """Whether a gradient for x may be asked for."""
  return x.requires_grad and torch.is_grad_enabled()


def _rows(width: int, elements: int, like: Tensor) -> int:
  """How many rows are computed at once. A GPU has nothing to do between many small parts."""
  return max(1, (67108864 if like.is_cuda else elements) // width)


def _product(x: Tensor, weight: Tensor) -> Tensor:
  """x weight^T without a gradient. Large ones are up to two fifths faster with oneDNN where MKL does not
  know the processor as well, but not of few long rows with many more outputs."""
  N, K = weight.shape
  many = x.size(0) >= 512 or x.size(0) >= 64 and (K < 2048 or K > N)
  if x.is_cuda or x.dtype != 6 or not many or N * K < 1048576:
    return torch.linear(x, weight)
  return __torch__.onednn._product(x, weight)


def _part(logits: Tensor, targets: Tensor, share: Optional[Tensor]) -> Tuple[Tensor, Tensor]:
  """The losses (N) and the gradient of each (N, V), in float32."""
  target = targets.unsqueeze(1)
  log_probability = torch.log_softmax(logits, -1, dtype=6)
  losses = -log_probability.gather(1, target).squeeze(1)
  probability = log_probability.exp_()
  probability.scatter_add_(1, target, torch.full_like(target, -1, dtype=6))
  if share is not None:
    probability.mul_(share.unsqueeze(1))
  return __torch__.loss._shared(losses, share), probability


def _losses_and_gradients(logits: Tensor, targets: Tensor, share: Optional[Tensor],
                          into: Optional[Tensor]) -> Tuple[Tensor, Tensor]:
  """The losses (N) and the gradient of each, of the logits' type; it may be written into an array of
  their shape, which may be the logits."""
  rows = logits.size(0)
  step = __torch__.loss._rows(logits.size(1), 1048576, logits)
  if rows <= step and logits.dtype == 6:
    losses, part = __torch__.loss._part(logits, targets, share)
    return losses, part
  losses = torch.empty([rows], dtype=6, device=logits.device)
  gradient = torch.empty_like(logits) if into is None else into
  for start in range(0, rows, step):
    end = min(start + step, rows)
    some, part = __torch__.loss._part(logits[start:end], targets[start:end],
                                      __torch__.loss._some(share, start, end))
    losses[start:end] = some
    gradient[start:end] = part
  return losses, gradient


def _losses(logits: Tensor, targets: Tensor, share: Optional[Tensor]) -> Tensor:
  """The losses (N) alone."""
  rows = logits.size(0)
  step = __torch__.loss._rows(logits.size(1), 1048576, logits)
  losses = torch.empty([rows], dtype=6, device=logits.device)
  for start in range(0, rows, step):
    end = min(start + step, rows)
    log_probability = torch.log_softmax(logits[start:end], -1, dtype=6)
    known = log_probability.gather(1, targets[start:end].unsqueeze(1)).squeeze(1)
    losses[start:end] = -known
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
  if not __torch__.loss._records(logits):
    return __torch__.loss._losses(fixed, targets, share).sum() / rows
  losses, gradient = __torch__.loss._losses_and_gradients(fixed, targets, share, None)
  carrier = torch.dot(logits.reshape(-1), gradient.view(-1)).to(6) / rows
  # a word that is ruled out: minus infinity times zero
  if not look or not bool(torch.isfinite(carrier)):
    possible = logits.masked_fill(gradient == 0, 0.)
    carrier = torch.dot(possible.reshape(-1), gradient.view(-1)).to(6) / rows
  return losses.sum() / rows + (carrier - carrier.detach())


def linear_cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor, look: bool) -> Tensor:
  """The mean loss of the logits hidden weight^T: (N, E) and (V, E) against targets (N)."""
  hidden, targets, share, counted = __torch__.loss._counted(hidden, targets, weight.size(0), look)
  h = hidden.detach().type_as(weight)
  w = weight.detach()
  rows = h.size(0)
  learns = __torch__.loss._records(weight)
  loss = torch.zeros([], dtype=6, device=h.device)
  if learns or __torch__.loss._records(hidden):
    h_gradients = annotate(List[Tensor], [])
    w_gradient = w
    # each part passes over the whole gradient of a weight that learns; without, small ones do as well
    step = __torch__.loss._rows(w.size(0), 67108864 if learns else 16777216, w)
    for start in range(0, rows, step):
      end = min(start + step, rows)
      logits = __torch__.loss._product(h[start:end], w)
      losses, gradient = __torch__.loss._losses_and_gradients(
          logits, targets[start:end], __torch__.loss._some(share, start, end), logits)
      loss += losses.sum()
      h_gradients.append(__torch__.loss._product(gradient, w.t()))
      if learns and start == 0:
        w_gradient = torch.mm(gradient.t(), h[start:end])
      elif learns:
        w_gradient.addmm_(gradient.t(), h[start:end])
    if rows == 0:  # the mean of nothing, which is NaN
      h_gradients, w_gradient = [h], torch.zeros_like(w)
    h_gradient = torch.cat(h_gradients)
    loss = loss / counted
    carrier = torch.dot(hidden.reshape(-1), h_gradient.type_as(hidden).view(-1)).to(6)
    if learns:
      carrier = carrier + torch.dot(weight.reshape(-1), w_gradient.view(-1)).to(6)
    carrier = carrier / counted
    loss = loss + (carrier - carrier.detach())
  else:
    step = __torch__.loss._rows(w.size(0), 16777216, w)
    for start in range(0, rows, step):
      end = min(start + step, rows)
      logits = __torch__.loss._product(h[start:end], w)
      loss += __torch__.loss._losses(logits, targets[start:end],
                                     __torch__.loss._some(share, start, end)).sum()
    loss = loss / counted
  return loss


def _some(share: Optional[Tensor], start: int, end: int) -> Optional[Tensor]:
  some = annotate(Optional[Tensor], None)
  if share is not None:
    some = share[start:end]
  return some


def linear_log_probabilities(hidden: Tensor, weight: Tensor, targets: Tensor,
                             look: bool) -> Tensor:
  """What the logits hidden weight^T, (N, E) and (V, E), make of each of targets (N); 0 for -100."""
  all = targets
  x, targets, share, _ = __torch__.loss._counted(hidden, targets, weight.size(0), look)
  if __torch__.loss._records(weight):  # mixes rows by weights that only the backward pass knows
    logits = torch.linear(x.type_as(weight), weight)
    known = torch.log_softmax(logits, -1, dtype=6).gather(1, targets.unsqueeze(1)).squeeze(1)
    known = __torch__.loss._shared(known, share)
  else:
    records = __torch__.loss._records(x)
    h = x.detach().type_as(weight)
    rows = h.size(0)
    known = torch.empty([rows], dtype=6, device=h.device)
    gradient = torch.empty_like(h) if records else h
    step = __torch__.loss._rows(weight.size(0), 16777216, weight)
    for start in range(0, rows, step):
      end = min(start + step, rows)
      logits = __torch__.loss._product(h[start:end], weight)
      some = __torch__.loss._some(share, start, end)
      if records:
        losses, part = __torch__.loss._losses_and_gradients(logits, targets[start:end], some, logits)
        gradient[start:end] = __torch__.loss._product(part, weight.t())
      else:
        losses = __torch__.loss._losses(logits, targets[start:end], some)
      known[start:end] = -losses
    if records:
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
