"""Labelled files of anybody's: Parquet, CSV or JSON lines → texts with topics or spans."""
