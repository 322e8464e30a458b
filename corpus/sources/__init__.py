"""Readers: a file or a Hub data set becomes articles with content ids."""
