"""The report as one HTML file, as Markdown for Prefect, and as sentences for a terminal.

All are made from the report's JSON, by names of the ledger; real names enter the HTML alone.
"""

import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any

from jinja2 import Environment

from corpus.errors import DeskError
from publishing.figures import Text, keyed, require_keys, without_marks
from publishing.render import template_environment
from publishing.review_report.pictures import draw_pictures
from publishing.review_report.values import FILTERS, finalize

PAGE, TEXT, SENTENCES = "report_page.html", "report.md", "report_sentences.txt"
VERDICTS = {
    "higher": "is higher than before",
    "lower": "is lower than before",
    "not told": "shows no difference that can be told from chance",
    "too few": "has too few articles to compare",
}
SHORT = {"higher": "higher", "lower": "lower", "not told": "not told apart", "too few": ""}
_SILENT = re.compile(r"<style.*?</style>|<svg.*?</svg>|<[^>]*>", re.DOTALL)
_MARKDOWN = re.compile(r"([\\`*_\[\]|])")

Sections = dict[str, list[str]]


def report_html(
    report: Mapping[str, Any],
    links: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
) -> str:
    """One file that loads nothing; it holds no script.

    ``links``: article id → where Argilla shows it. ``names``: name in the ledger → account, to
    stand for it on the page.
    """
    shown = with_names(report, names or {})
    draft = draft_page(shown, links or {}, is_named=bool(names))
    return without_marks(draft)


def report_markdown(report: Mapping[str, Any], links: Mapping[str, str] | None = None) -> str:
    """Sentences and tables, for an artifact."""
    draft = draft_markdown(report, links or {})
    return re.sub(r"\n{3,}", "\n\n", without_marks(draft)).strip() + "\n"


def report_sentences(report: Mapping[str, Any]) -> Sections:
    """Section → its sentences."""
    return {
        name: [without_marks(line) for line in lines]
        for name, lines in _draft_sentences(report).items()
    }


def draft_markdown(report: Mapping[str, Any], links: Mapping[str, str]) -> str:
    """As ``draft_page``; the Markdown."""
    values = _values(report, links) | {"sections": _draft_sentences(report)}

    def finalize_text(value: Any) -> str:
        shown = finalize(value)
        return escape_markdown(shown) if isinstance(value, Text) else shown

    draft = _environment(finalize_text).get_template(TEXT).render(values)
    require_keys(draft)
    return draft


def draft_page(report: Mapping[str, Any], links: Mapping[str, str], is_named: bool = False) -> str:
    """The page with each value between marks with its key (``publishing.figures``)."""
    values = _values(report, links)
    values |= {
        "sections": _draft_sentences(report),
        "pictures": draw_pictures(report),
        "is_named": is_named,
        "unit": str(report["periods"]["unit"]),
    }
    draft = _environment(autoescape=True).get_template(PAGE).render(values)
    # An apostrophe is written by its number.
    require_keys(unescape(_SILENT.sub(" ", draft)))
    return draft


def with_names(value: Any, names: Mapping[str, str]) -> Any:
    """The same, with names for those of the ledger."""
    if isinstance(value, Mapping):
        return {names.get(key, key): with_names(inner, names) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [with_names(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


def escape_markdown(text: str) -> str:
    """No text of others is a tag, a link or the end of a cell."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;")
    return _MARKDOWN.sub(r"\\\1", plain)


def _draft_sentences(report: Mapping[str, Any]) -> Sections:
    draft = _environment().get_template(SENTENCES).render(_values(report, {}))
    found: Sections = {}
    for line in filter(None, map(str.strip, draft.splitlines())):
        if line.startswith("== "):
            found[line.removeprefix("== ")] = sentences = []
        else:
            sentences.append(line)
    return found


def _values(report: Mapping[str, Any], links: Mapping[str, str]) -> dict[str, Any]:
    for link in links.values():
        if not link.startswith(("http://", "https://")):
            raise DeskError(
                f"{link!r} is no address of Argilla.", "Set ARGILLA_API_URL to one with http."
            )
    return {"r": keyed(report), "links": links, "verdicts": VERDICTS, "short": SHORT}


def _environment(to_text: Callable[[Any], str] = finalize, autoescape: bool = False) -> Environment:
    environment = template_environment(to_text, autoescape)
    environment.filters |= FILTERS | {"finalized": to_text, "escaped": escape_markdown}
    return environment
