"""The order of review: which unanswered article comes first, and why."""
