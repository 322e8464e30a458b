"""Services that let the loop run with no account and no Docker."""
