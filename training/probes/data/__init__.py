"""The project's own probe data: sentences with a gap, and what is put into it, by group.

All sentences were written for Copydesk; persons and organizations are made up, places are real.
"""
