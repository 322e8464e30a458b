"""Who discards what, and what was written with it (``review.also_ask``).

Argilla has no field for a reason. A text may be one, or answer another question: only a reader can
tell, and where none is written, what the articles have in common.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from corpus.articles import Article
from corpus.intervals import Interval
from corpus.ledger_rows import LedgerEntry
from corpus.report.material import Material
from corpus.suggestions.acceptance import share_of_articles

LISTED_ARTICLES = 50
LISTED_SOURCES = 12
TITLE_CHARACTERS = 80
SCRIPT_LETTERS = 200
# Lower ends, in characters of title and text.
LENGTHS = (0, 200, 500, 1000, 2000, 5000)


@dataclass(frozen=True, slots=True)
class DiscardShare:
    """``discarded`` of what was ``handled`` (submitted or discarded); no share of fewer than five
    articles.
    """

    name: str
    discarded: int
    handled: int
    share: Interval | None


@dataclass(frozen=True, slots=True)
class DiscardedArticle:
    """An article that somebody discarded, and how many submitted an answer to it all the same.

    ``written`` are the texts that came with its discards, to whatever question.
    """

    id: str
    title: str
    source: str
    characters: int
    script: str
    annotators: tuple[str, ...]
    written: tuple[str, ...]
    submitted: int


@dataclass(frozen=True, slots=True)
class Discards:
    """``articles`` are the most often discarded ones, ``in_all`` how many were discarded;
    ``with_text`` are discards that came with one.
    """

    discarded: int
    with_text: int
    in_all: int
    by_annotator: tuple[DiscardShare, ...]
    by_source: tuple[DiscardShare, ...]
    by_length: tuple[DiscardShare, ...]
    by_script: tuple[DiscardShare, ...]
    articles: tuple[DiscardedArticle, ...]


def measure_discards(material: Material, seed: int) -> Discards:
    """Discards that count now, beside the answers."""
    about = _About(material.articles)
    listed = _articles(material, about)
    return Discards(
        discarded=len(material.discarded),
        with_text=sum(bool(texts(e)) for e in material.discarded),
        in_all=len(listed),
        by_annotator=_shares(material, lambda e: e.response.annotator, seed),
        by_source=_largest(_shares(material, about.source, seed)),
        by_length=_shares(material, about.length, seed),
        by_script=_shares(material, about.script, seed),
        articles=tuple(listed[:LISTED_ARTICLES]),
    )


def texts(entry: LedgerEntry) -> tuple[str, ...]:
    """What was written with an answer or a discard; blanks are nothing."""
    said = (value.strip() for _, value in entry.response.also if isinstance(value, str))
    return tuple(text for text in said if text)


def short_title(article: Article) -> str:
    """The beginning of its title, or of its text where it has none, on one line."""
    return " ".join((article.title or article.text).split())[:TITLE_CHARACTERS]


def script_of(text: str) -> str:
    """The writing system of most of the first letters: Latin, Arabic, Cjk, …; "none" without."""
    letters = [sign for sign in text[: 5 * SCRIPT_LETTERS] if sign.isalpha()][:SCRIPT_LETTERS]
    names = Counter(unicodedata.name(sign, "none").split()[0] for sign in letters)
    return names.most_common(1)[0][0].capitalize() if names else "none"


def length_of(characters: int) -> str:
    """The range that a length is in."""
    at = sum(characters >= edge for edge in LENGTHS) - 1
    if at + 1 == len(LENGTHS):
        return f"{LENGTHS[at]} and more characters"
    return f"{LENGTHS[at]} to {LENGTHS[at + 1] - 1} characters"


class _About:
    """What is known of the article of an answer; each is looked at once."""

    def __init__(self, articles: Mapping[str, Article]) -> None:
        self.articles = articles
        self.scripts = {i: script_of(a.title + a.text) for i, a in articles.items()}

    def source(self, entry: LedgerEntry) -> str:
        article = self.articles.get(entry.response.article_id)
        return (article.source if article else "") or "not stated"

    def length(self, entry: LedgerEntry) -> str:
        article = self.articles.get(entry.response.article_id)
        return length_of(len(article.title) + len(article.text)) if article else "not known"

    def script(self, entry: LedgerEntry) -> str:
        return self.scripts.get(entry.response.article_id, "none")


def _shares(
    material: Material, name_of: Callable[[LedgerEntry], str], seed: int
) -> tuple[DiscardShare, ...]:
    groups: dict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in (*material.submitted, *material.discarded):
        groups[name_of(entry)].append(entry)
    return tuple(_share(name, groups[name], seed) for name in sorted(groups, key=_in_order))


def _in_order(name: str) -> tuple[int, str]:
    """Ranges of lengths by their lower end, all other names by themselves."""
    first = name.split()[0] if name.endswith("characters") else ""
    return (int(first) if first.isdigit() else 0, name)


def _share(name: str, entries: list[LedgerEntry], seed: int) -> DiscardShare:
    gone = np.array([e.status == "discarded" for e in entries], dtype=float)
    articles = np.array([e.response.article_id for e in entries], dtype=object)
    return DiscardShare(
        name, int(gone.sum()), len(entries), share_of_articles(articles, gone, seed)
    )


def _largest(shares: tuple[DiscardShare, ...]) -> tuple[DiscardShare, ...]:
    """The sources with most discards, then most answers."""
    ordered = sorted(shares, key=lambda s: (-s.discarded, -s.handled, s.name))
    return tuple(ordered[:LISTED_SOURCES])


def _articles(material: Material, about: _About) -> list[DiscardedArticle]:
    groups: dict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in material.discarded:
        groups[entry.response.article_id].append(entry)
    answers = Counter(e.response.article_id for e in material.submitted)
    found = []
    for identifier, entries in groups.items():
        article = material.articles.get(identifier, Article(identifier, ""))
        found.append(
            DiscardedArticle(
                id=identifier,
                title=short_title(article),
                source=article.source,
                characters=len(article.title) + len(article.text),
                script=about.scripts.get(identifier, "none"),
                annotators=tuple(sorted(e.response.annotator for e in entries)),
                written=tuple(text for entry in entries for text in texts(entry)),
                submitted=answers[identifier],
            )
        )
    return sorted(found, key=lambda a: (-len(a.annotators), a.submitted, a.id))
