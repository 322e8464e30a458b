"""A small server that speaks the Hugging Face Hub's HTTP API over plain git repositories."""
