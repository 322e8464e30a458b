"""The clients' own test suites, run from their source distributions against our servers."""
