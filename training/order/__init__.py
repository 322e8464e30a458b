"""Which articles are alike, so that a page of the queue does not ask the same ten times."""
