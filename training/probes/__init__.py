"""Probes: does a model treat groups of names alike, and does it stand lower case and typos."""
