"""Answers of several annotators to the same: how far they agree, and what they come to."""
