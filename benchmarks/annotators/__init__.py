"""Many annotators answering while records are logged, also while the server is killed."""
