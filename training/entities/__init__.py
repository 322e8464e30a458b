"""Entities: labelled spans of an article."""
