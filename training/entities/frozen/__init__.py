"""Entities by a small head on a frozen encoder, whose states other heads can use as well."""
