"""What instruction models wrote about articles, and what annotators say of it.

A generation is what one model wrote about one article. An opinion is one annotator's rating of it
and the answer as it should be. Both stand in a ledger beside the desk's, with the suffix of their
Argilla data set: ``articles``, ``generations`` and ``opinions``, append-only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from corpus.articles import Article, Split, Status
from corpus.desk import ANSWERS_SUFFIX
from corpus.instruct.answers import Answer, Questions, in_text_order, read_answer
from corpus.ledger import Ledger
from corpus.statements import (
    BURIED_AFTER,
    StatementKey,
    current_statements,
    new_statements,
    unrepeated,
)

BEST, WORST = 5, 1


@dataclass(frozen=True, slots=True)
class Generation:
    """What ``model`` (the key of its training) wrote about an article."""

    article_id: str
    model: str
    phrasing: int
    written: str

    @property
    def id(self) -> str:
        """Of its record in Argilla: the same model says the same of the same article."""
        return f"{self.article_id}:{self.model}"

    def answer(self, article: Article, questions: Questions) -> Answer | None:
        """What it says, comparable with other answers; None where it keeps no schema."""
        read = read_answer(self.written, questions).answer
        return None if read is None else in_text_order(read, article.text)


@dataclass(frozen=True, slots=True)
class Opinion:
    """One annotator's rating, BEST to WORST, and correction as typed ("" where there is none).

    ``guidelines`` is the revision that stood in Argilla when it was pulled.
    """

    generation: str
    annotator: str
    status: Status
    rating: int | None
    correction: str
    answered_at: datetime
    guidelines: str = field(default="", compare=False)

    @property
    def key(self) -> StatementKey:
        """Whose opinion of what: each annotator has one, and may edit it."""
        return (self.generation, self.annotator)

    def repeats(self, other: "Opinion") -> bool:
        """Whether it is the same opinion; the guidelines may have changed since."""
        return self == other

    def buried(self) -> "Opinion":
        """The row that says this opinion is gone from Argilla."""
        at = self.answered_at + BURIED_AFTER
        return replace(self, status="deleted", rating=None, correction="", answered_at=at)


@dataclass(frozen=True, slots=True)
class Correction:
    """The right answer to an article, as ``annotators`` agreed when they corrected models."""

    article: Article
    answer: Answer
    split: Split
    annotators: int


@dataclass(frozen=True, slots=True)
class AnswerReview:
    """All that is known: articles and generations by id, and the opinions that count now."""

    articles: Mapping[str, Article]
    generations: Mapping[str, Generation]
    opinions: tuple[Opinion, ...]

    def submitted(self) -> list[tuple[Opinion, Generation, Article]]:
        """The opinions that are given, with what they are about."""
        found = []
        for opinion in self.opinions:
            if opinion.status == "submitted":
                generation = self.generations[opinion.generation]
                found.append((opinion, generation, self.articles[generation.article_id]))
        return found

    def article_ids(self) -> set[str]:
        """The articles that somebody has an opinion of."""
        return {article.id for _, _, article in self.submitted()}


def answers_ledger(ledger: Ledger) -> Ledger:
    """Where generations and opinions of a desk stand; no folder is made by asking."""
    return ledger.beside(ANSWERS_SUFFIX)


def read_answer_review(ledger: Ledger) -> AnswerReview:
    """Of the ledger that ``answers_ledger`` gives; empty where no answer was ever loaded."""
    current = current_statements(read_opinions(ledger))
    return AnswerReview(
        ledger.articles() if current else {},
        read_generations(ledger),
        tuple(current[key] for key in sorted(current)),
    )


def read_generations(ledger: Ledger) -> dict[str, Generation]:
    """Every generation by id; the first one counts."""
    found: dict[str, Generation] = {}
    for row in ledger.rows("generations"):
        generation = Generation(**row)
        found.setdefault(generation.id, generation)
    return found


def append_generations(ledger: Ledger, generations: Iterable[Generation]) -> None:
    """Append those that are new."""
    known = read_generations(ledger)
    rows = [
        {"article_id": g.article_id, "model": g.model, "phrasing": g.phrasing, "written": g.written}
        for g in generations
        if g.id not in known
    ]
    ledger.append("generations", rows)


def read_opinions(ledger: Ledger) -> list[Opinion]:
    """Every opinion ever seen, in the order of appending."""
    return unrepeated(_opinion(row) for row in ledger.rows("opinions"))


def append_opinions(ledger: Ledger, opinions: Sequence[Opinion]) -> int:
    """Append what is new or edited; returns how many that were."""
    new = new_statements(opinions, current_statements(read_opinions(ledger)))
    ledger.append("opinions", [_row(o) for o in new])
    return len(new)


def _row(opinion: Opinion) -> dict[str, Any]:
    return {
        "generation": opinion.generation,
        "annotator": opinion.annotator,
        "status": opinion.status,
        "rating": opinion.rating or 0,
        "correction": opinion.correction,
        "answered_at": opinion.answered_at.astimezone(UTC).isoformat(),
        "guidelines": opinion.guidelines,
    }


def _opinion(row: Mapping[str, Any]) -> Opinion:
    at = datetime.fromisoformat(row["answered_at"])
    return Opinion(**{**row, "rating": row["rating"] or None, "answered_at": at})
