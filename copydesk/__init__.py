"""The command line: the only room that knows both the flows and the embedded services."""
