"""The annotator report as a page, as Markdown and as sentences."""
