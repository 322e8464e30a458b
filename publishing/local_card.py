"""A card as a page on disk: Markdown, HTML, and the pictures beside it."""

import shutil
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

from publishing.card_sections import split_card
from publishing.earlier_card import KEPT, NOTES_END, NOTES_START
from publishing.manifest import CARD
from publishing.parts import Part
from publishing.remote import NOTHING
from publishing.render import TEMPLATES

PAGE = "index.html"
# Those a card may show: one that this card no longer has is taken away.
PICTURES = ("confusion.png", "learning_curve.png", "rewards.png", "reliability.png")


def write_card(part: Part, out: Path) -> Path:
    """Write README.md, manifest.json, pictures and index.html; returns the page.

    They go to ``out``/datasets/owner/name or ``out``/models/owner/name: a data set and a model, or
    two owners, may use one name.
    """
    folder = out / f"{part.target.repo_type}s" / part.target.repo_id
    folder.mkdir(parents=True, exist_ok=True)
    for name in PICTURES:
        (folder / name).unlink(missing_ok=True)
    texts = part.complete(NOTHING)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for picture in sorted(part.folder.glob("*.png")):
        # Not its mode: in the home everything is private, what is written here is to be shown.
        shutil.copyfile(picture, folder / picture.name)
    page = folder / PAGE
    page.write_text(card_html(texts[CARD], part.target.repo_id), encoding="utf-8")
    return page


def card_html(card: str, repo_id: str) -> str:
    """One self-contained page; raw HTML of the card stays text."""
    front, body = split_card(card)
    lines = [line for line in body.split("\n") if line not in (KEPT, NOTES_START, NOTES_END)]
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("card_page.html").render(
        title=repo_id,
        metadata=_lines(yaml.safe_load(front)),
        # markdown-it escapes every text of its tokens.
        body=parser.render("\n".join(lines)),
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
