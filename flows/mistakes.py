"""What the models answer otherwise than gold: listed with addresses in Argilla, for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import argilla as rg
from prefect.artifacts import create_link_artifact, create_table_artifact

from argilla_settings.second_look import article_url
from corpus.articles import Article, ScoredSpan, Span
from corpus.desk import Desk
from corpus.gold import Gold
from flows.model_store import Kind
from flows.row_scores import Row, spans_of
from publishing.predictions import has_topics, is_wrong
from training.evaluation.doubts import span_doubt, topic_doubt, topics_doubt

SHOWN = 50
LISTED = "Where models and gold differ most, for reading (test gold stays as it is):"


@dataclass(frozen=True, slots=True)
class Mistake:
    """An article that a model answers otherwise than gold; ``doubt`` in [0, 1] is how surely."""

    kind: str
    split: str
    article_id: str
    title: str
    gold: str
    predicted: str
    doubt: float
    url: str


@dataclass(frozen=True, slots=True)
class SecondLook:
    """``doubted`` records of train and validation are marked, ``changed`` of them anew.

    ``url`` opens them for annotators. ``mistakes`` are of all splits, most doubtful first; those
    of the test split are listed and never marked.
    """

    doubted: int
    changed: int
    url: str
    mistakes: tuple[Mistake, ...]


def list_mistakes(
    gold: Gold, rows: Mapping[Kind, Sequence[Row]], client: rg.Argilla, dataset: rg.Dataset
) -> list[Mistake]:
    """Every wrong answer with its address in Argilla, most doubtful first."""
    articles = {r.article.id: r.article for r in gold.reviewed}
    found = [
        Mistake(
            kind=kind,
            split=row["split"],
            article_id=row["id"],
            title=articles[row["id"]].title or articles[row["id"]].text[:80],
            gold=_words(row, "gold", articles[row["id"]]),
            predicted=_words(row, "predicted", articles[row["id"]]),
            doubt=round(doubt_of(row, kind), 4),
            url=article_url(client, dataset, articles[row["id"]]),
        )
        for kind, of_kind in rows.items()
        for row in of_kind
        if is_wrong(row)
    ]
    return sorted(found, key=lambda m: (-m.doubt, m.kind, m.article_id))


def show(desk: Desk, found: SecondLook) -> None:
    """Artifacts: the mistakes, and where annotators look again."""
    key = desk.name.replace("_", "-")
    table = [
        {"article": f"[{m.title}]({m.url})", "split": m.split, "model": m.kind, "gold": m.gold,
         "said": m.predicted, "doubt": f"{m.doubt:.3f}"}
        for m in found.mistakes[:SHOWN]
    ]  # fmt: skip
    if table:
        create_table_artifact(table=table, key=f"{key}-mistakes")
    create_link_artifact(
        link=found.url,
        link_text=f"{found.doubted} answers worth a second look",
        key=f"{key}-second-look",
    )


def second_look_lines(found: SecondLook, most: int = 5) -> list[str]:
    """For the terminal."""
    head = f"{found.doubted} answers are worth a second look"
    who = ", each by whoever gave it (signed in as that annotator)"
    shown = found.mistakes[:most]
    return [
        f"{head}{who}: {found.url}" if found.doubted else f"{head}.",
        *([LISTED] if shown else []),
        *(
            f"  {m.kind}, {m.split}: gold {m.gold}, model {m.predicted} ({m.doubt:.2f})  {m.url}"
            for m in shown
        ),
    ]


def doubt_of(row: Row, kind: Kind) -> float:
    """How surely the model answers otherwise than gold."""
    if kind == "topics" and isinstance(row["gold"], str):
        return topic_doubt(row["gold"], row["predicted"], row["score"])
    if kind == "topics":
        return topics_doubt(row["gold"], row["predicted"], row["probabilities"])
    (there,) = spans_of([row], "gold")
    said = [ScoredSpan(s["start"], s["end"], s["label"], s["score"]) for s in row["predicted"]]
    return span_doubt(there, said)


def _words(row: Row, side: str, article: Article) -> str:
    """The topic or topics, or the mentions that only this side has."""
    if isinstance(row["gold"], str):
        return str(row[side])
    if has_topics(row):
        return ", ".join(row[side]) or "no topic"
    other = "predicted" if side == "gold" else "gold"
    (mine,), (theirs,) = spans_of([row], side), spans_of([row], other)
    only = sorted(set(mine) - set(theirs))
    return "; ".join(_mention(article.text, span) for span in only) or "nothing more"


def _mention(text: str, span: Span) -> str:
    return f"{' '.join(text[span.start : span.end].split())} ({span.label})"
