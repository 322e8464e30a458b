"""Answers of several annotators to the same questions: how far they agree, and what they come to."""
