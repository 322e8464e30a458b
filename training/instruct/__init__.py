"""Instruction models: a causal language model that answers in JSON, tuned with LoRA and GRPO."""
