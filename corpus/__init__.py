"""The domain: articles, labels, sources, ledger, gold, splits. No service, no torch."""
