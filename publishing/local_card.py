"""A card as a page on disk: Markdown, HTML, and the pictures beside it."""

import re
import shutil
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

from publishing.manifest import CARD
from publishing.parts import Part
from publishing.remote import NOTHING
from publishing.render import TEMPLATES

PAGE = "index.html"
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)


def write_card(part: Part, folder: Path) -> Path:
    """Write README.md, manifest.json, pictures and index.html; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = part.complete(NOTHING)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for picture in sorted(part.folder.glob("*.png")):
        shutil.copy(picture, folder)
    page = folder / PAGE
    page.write_text(card_html(texts[CARD], part.target.repo_id), encoding="utf-8")
    return page


def card_html(card: str, repo_id: str) -> str:
    """One self-contained page; raw HTML of the card stays text."""
    _, front, body = card.split("---\n", 2)
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("card_page.html").render(
        title=repo_id,
        metadata=_lines(yaml.safe_load(front)),
        # markdown-it escapes every text of its tokens.
        body=parser.render(_COMMENT.sub("", body)),
    )


def _lines(metadata: dict[str, Any]) -> dict[str, str]:
    """The short metadata; what only programs read is left out."""
    found = {}
    for key, value in metadata.items():
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            found[key] = ", ".join(value)
        elif not isinstance(value, list | dict):
            found[key] = str(value)
    return found
