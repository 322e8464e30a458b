"""Entity models on a real corpus: ours beside a CRF and a plain fine-tuning."""
