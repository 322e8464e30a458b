"""A data set of 100,000 records: loading it, and what the UI asks of it."""
