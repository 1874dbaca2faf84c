def is_recorded(x: Tensor) -> bool:
  return x.requires_grad


def gradients(loss: Tensor, parameters: List[Tensor]) -> List[Tensor]:
  """The derivatives of a loss; the parameters' own gradient fields stay as they are."""
  found = torch.grad([loss], parameters)
  gradients = annotate(List[Tensor], [])
  for gradient in found:
    gradients.append(unchecked_cast(Tensor, gradient))
  return gradients


def add_gradients(sums: List[Tensor], gradients: List[Tensor]) -> None:
  torch._foreach_add_(sums, gradients)


def norm(arrays: List[Tensor]) -> float:
  """The Euclidean norm of all elements of all arrays."""
  return float(torch.linalg_vector_norm(torch.stack(torch._foreach_norm(arrays, 2)), 2))


def zero(arrays: List[Tensor]) -> None:
  torch._foreach_zero_(arrays)
