"""What annotators see. The only room that imports argilla."""
