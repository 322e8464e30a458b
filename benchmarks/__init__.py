"""Long measurements; each prints its table and writes it to bench-results/."""
