def multinomial(probabilities: Tensor) -> Tensor:
  """One index a row, (B, V) to (B, 1)."""
  return torch.multinomial(probabilities, 1)
