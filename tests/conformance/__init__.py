"""Argilla's own test suites, run from their source distributions against our server and engine."""
