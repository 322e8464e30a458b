"""How many answers each order of review needs to reach a score, with simulated reviewers."""
