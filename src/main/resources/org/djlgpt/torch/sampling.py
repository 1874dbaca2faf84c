def multinomial(probabilities: Tensor) -> Tensor:
  """One index a row, (B, V) to (B, 1)."""
  return torch.multinomial(probabilities, 1)


def quantile(probabilities: Tensor, chance: Tensor) -> Tensor:
  """The first index of each row (B, V) up to which more than a share of the sum (B, 1) lies; (B, 1)."""
  sums = probabilities.cumsum(1, dtype=7)  # float64: below 1, no share rounds to the whole
  return (sums <= chance * sums.narrow(1, sums.size(1) - 1, 1)).sum(1, True)
