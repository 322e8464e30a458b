"""The real argilla-server on SQLite. Runs in an environment of its own: see README.

Nothing here may import a package of the product's environment, and only ``__main__`` starts it.
"""
