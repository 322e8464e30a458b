"""Unmodified libraries and commands against the embedded Hub, with their default settings."""
