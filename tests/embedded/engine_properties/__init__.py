"""Random data sets and questions, answered by the engine and by a plain-Python oracle.

Runs inside the Argilla server's own environment, in one process with the server's application.
`tests/embedded/test_engine_properties.py` and `make conformance` start it.
"""
