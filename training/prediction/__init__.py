"""Predictions of trained models: which kind a model is, on files of any size, once for two."""
