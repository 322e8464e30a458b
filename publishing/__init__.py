"""Cards, manifest and the only writes to the Hub."""
