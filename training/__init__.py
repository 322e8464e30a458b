"""What a model learns from and how it is judged. No Prefect, no Argilla."""
