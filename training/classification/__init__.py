"""Topics: one label for an article."""
