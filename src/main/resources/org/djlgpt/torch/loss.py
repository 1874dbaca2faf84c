# The gradient of a cross-entropy over logits z is softmax(z) - onehot(target), over the number of
# rows. These functions compute it together with the loss, a few rows at a time, so that float32
# probabilities of the whole (N, V) never exist. TorchScript has no custom backward functions: the
# scalar product of an input with its known gradient is added and subtracted again, which leaves the
# value as it is and gives autograd that gradient.


def _rows(width: int, elements: int) -> int:
  return max(1, elements // width)


def _part(logits: Tensor, targets: Tensor) -> Tuple[Tensor, Tensor]:
  """The losses (N) and the gradient of each (N, V), in float32."""
  target = targets.unsqueeze(1)
  log_probability = torch.log_softmax(logits, -1, dtype=6)
  losses = -log_probability.gather(1, target).squeeze(1)
  probability = log_probability.exp_()
  return losses, probability.scatter_add_(1, target, torch.full_like(target, -1, dtype=6))


def _losses_and_gradients(logits: Tensor, targets: Tensor,
                          gradient: Tensor) -> Tuple[Tensor, Tensor]:
  """The losses (N) and the gradient of each, of the logits' type; it may be written where it is
  said, which may be into the logits."""
  rows = logits.size(0)
  step = __torch__.loss._rows(logits.size(1), 1048576)
  if rows <= step and logits.dtype == 6:
    losses, part = __torch__.loss._part(logits, targets)
    return losses, part
  losses = torch.empty([rows], dtype=6, device=logits.device)
  for start in range(0, rows, step):
    end = min(start + step, rows)
    some, part = __torch__.loss._part(logits[start:end], targets[start:end])
    losses[start:end] = some
    gradient[start:end] = part
  return losses, gradient


def _counted(x: Tensor, targets: Tensor) -> Tuple[Tensor, Tensor]:
  """The rows of x (N, ..) and targets (N) that count: those whose target is not -100."""
  counts = targets != -100
  if not bool(counts.all()):
    rows = counts.nonzero().squeeze(1)
    x, targets = x.index_select(0, rows), targets.index_select(0, rows)
  return x, targets


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
  """The mean loss of logits (N, V) against targets (N)."""
  logits, targets = __torch__.loss._counted(logits, targets)
  fixed = logits.detach()
  rows = logits.size(0)
  losses, gradient = __torch__.loss._losses_and_gradients(fixed, targets, torch.empty_like(fixed))
  loss = losses.sum() / rows
  if logits.requires_grad:
    carrier = torch.dot(logits.reshape(-1), gradient.view(-1)).to(6) / rows
    if not bool(torch.isfinite(carrier)):  # a word that is ruled out: minus infinity times zero
      possible = logits.masked_fill(gradient == 0, 0.)
      carrier = torch.dot(possible.reshape(-1), gradient.view(-1)).to(6) / rows
    loss = loss + (carrier - carrier.detach())
  return loss


def linear_cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
  """The mean loss of the logits hidden weight^T: (N, E) and (V, E) against targets (N)."""
  hidden, targets = __torch__.loss._counted(hidden, targets)
  h = hidden.detach().type_as(weight)
  w = weight.detach()
  rows = h.size(0)
  learns = weight.requires_grad
  loss = torch.zeros([], dtype=6, device=h.device)
  if hidden.requires_grad or learns:
    h_gradients = annotate(List[Tensor], [])
    w_gradient = w
    # each part passes over the whole gradient of a weight that learns; without, few rows do as well
    step = __torch__.loss._rows(w.size(0), 67108864 if learns else 8388608)
    for start in range(0, rows, step):
      some, target = h[start:start + step], targets[start:start + step]
      logits = torch.linear(some, w)
      losses, gradient = __torch__.loss._losses_and_gradients(logits, target, logits)
      loss += losses.sum()
      h_gradients.append(torch.mm(gradient, w))
      if learns and start == 0:
        w_gradient = torch.mm(gradient.t(), some)
      elif learns:
        w_gradient.addmm_(gradient.t(), some)
    h_gradient = torch.cat(h_gradients)
    loss = loss / rows
    carrier = torch.dot(hidden.reshape(-1), h_gradient.type_as(hidden).view(-1)).to(6)
    if learns:
      carrier = carrier + torch.dot(weight.reshape(-1), w_gradient.view(-1)).to(6)
    carrier = carrier / rows
    loss = loss + (carrier - carrier.detach())
  else:
    step = __torch__.loss._rows(w.size(0), 8388608)
    for start in range(0, rows, step):
      end = min(start + step, rows)
      logits = torch.linear(h[start:end], w)
      log_probability = torch.log_softmax(logits, -1, dtype=6)
      loss -= log_probability.gather(1, targets[start:end].unsqueeze(1)).sum()
    loss = loss / rows
  return loss


def linear_log_probabilities(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
  """What the logits hidden weight^T, (N, E) and (V, E), make of each of targets (N); 0 for -100."""
  counted = (targets != -100).nonzero().squeeze(1)
  x, targets = hidden.index_select(0, counted), targets.index_select(0, counted)
  if weight.requires_grad:  # its gradient mixes rows by weights that only the backward pass knows
    logits = torch.linear(x.type_as(weight), weight)
    known = torch.log_softmax(logits, -1, dtype=6).gather(1, targets.unsqueeze(1)).squeeze(1)
  else:
    h = x.detach().type_as(weight)
    rows = h.size(0)
    known = torch.empty([rows], dtype=6, device=h.device)
    gradient = torch.empty_like(h)
    step = __torch__.loss._rows(weight.size(0), 8388608)
    for start in range(0, rows, step):
      end = min(start + step, rows)
      logits = torch.linear(h[start:end], weight)
      losses, part = __torch__.loss._losses_and_gradients(logits, targets[start:end], logits)
      known[start:end] = -losses
      if x.requires_grad:
        gradient[start:end] = torch.mm(part, weight)
    if x.requires_grad:
      carrier = torch.sum(x * gradient.type_as(x), [-1]).to(6)
      known = known - (carrier - carrier.detach())
  return torch.zeros([hidden.size(0)], dtype=6, device=hidden.device).index_copy(0, counted, known)
