"""Reviewed articles as chats: an instruction with the article, and the answer as JSON."""
