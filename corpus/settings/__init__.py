"""The groups of keys of a desk, one file for each."""
