"""What a model said of each test article: published, so that every score can be computed again."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus.articles import Article, ScoredSpan, Span
from publishing.manifest_parts import Generation, WrongAnswer

FOLDER = "evaluation"
EXCERPT_CHARACTERS = 100
EXAMPLES, RIGHT = 8, 3
WRITTEN_CHARACTERS = 400

Row = Mapping[str, Any]


def topic_row(
    article: Article, gold: str, predicted: str, probabilities: Mapping[str, float], about: Row
) -> dict[str, Any]:
    """Gold and predicted topic with the probability of each; ``about`` is the article's facts."""
    return {
        "id": article.id,
        "gold": gold,
        "predicted": predicted,
        "score": round(probabilities[predicted], 6),
        "probabilities": {name: round(p, 6) for name, p in probabilities.items()},
        **({"about": dict(about)} if about else {}),
    }


def topics_row(
    article: Article,
    gold: Sequence[str],
    predicted: Sequence[str],
    probabilities: Mapping[str, float],
    about: Row,
) -> dict[str, Any]:
    """The same of several topics: both sides are lists, the predicted one most probable first."""
    return {
        "id": article.id,
        "gold": list(gold),
        "predicted": list(predicted),
        "probabilities": {name: round(p, 6) for name, p in probabilities.items()},
        **({"about": dict(about)} if about else {}),
    }


def has_topics(row: Row) -> bool:
    """Whether a model said topics; one that said spans gives probabilities to nothing else."""
    return "probabilities" in row


def topics_of(row: Row, side: str) -> set[str]:
    """Gold or predicted topics, be it one or several."""
    return {row[side]} if isinstance(row[side], str) else set(row[side])


def entity_row(
    article: Article, gold: Sequence[Span], predicted: Sequence[ScoredSpan], about: Row
) -> dict[str, Any]:
    """Gold and predicted spans in code points, each prediction with its score."""
    return {
        "id": article.id,
        "gold": [{"start": s.start, "end": s.end, "label": s.label} for s in gold],
        "predicted": [
            {"start": s.start, "end": s.end, "label": s.label, "score": round(s.score, 6)}
            for s in predicted
        ],
        **({"about": dict(about)} if about else {}),
    }


def write_predictions(rows: Sequence[Row], file: Path) -> None:
    """One JSON object a line, in the order of the articles' ids."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) for row in sorted(rows, key=lambda r: r["id"])]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_predictions(file: Path) -> list[dict[str, Any]]:
    """The rows of ``write_predictions``."""
    # Not splitlines: what models write may hold other signs that end a line.
    lines = file.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def is_wrong(row: Row) -> bool:
    """Another topic, any span or entity too many, too few or of another type, or no answer."""
    if isinstance(row["gold"], Mapping):
        said = row["predicted"]
        return said is None or _answered(row["gold"]) != _answered(said)
    if has_topics(row):
        return topics_of(row, "gold") != topics_of(row, "predicted")
    return _spans(row["gold"]) != _spans(row["predicted"])


def wrong_answers(
    rows: Sequence[Row], articles: Sequence[Article], withheld: Collection[str] = ()
) -> list[WrongAnswer]:
    """A few mistakes, the most confident topics first, the most wrong spans, or sets of topics,
    first.

    ``articles`` are those of the published test split. Articles that are not there
    cannot be linked to, and are left out; nothing is quoted of those that are ``withheld``.
    """
    known = {article.id: article for article in articles}
    wrong = [row for row in rows if is_wrong(row) and row["id"] in known]
    wrong.sort(key=lambda row: (-_weight(row), row["id"]))
    return [_example(row, known[row["id"]], row["id"] not in withheld) for row in wrong[:EXAMPLES]]


def generations(
    rows: Sequence[Row], articles: Sequence[Article], withheld: Collection[str] = ()
) -> list[Generation]:
    """Some right answers, then some wrong ones, by id; none of articles that are ``withheld``,
    since answers quote them.
    """
    known = {article.id: article for article in articles if article.id not in withheld}
    rows = sorted((row for row in rows if row["id"] in known), key=lambda row: row["id"])
    right = [row for row in rows if not is_wrong(row)][:RIGHT]
    return [_generation(row, known[row["id"]]) for row in (*right, *_most_wrong(rows))]


def _most_wrong(rows: Sequence[Row]) -> list[Row]:
    """First those that cannot be read, then by how much they differ from gold."""
    wrong = [row for row in rows if is_wrong(row)]

    def weight(row: Row) -> tuple[bool, int]:
        said = row["predicted"]
        return said is not None, -len(_answered(row["gold"]) ^ _answered(said or {}))

    return sorted(wrong, key=weight)[:EXAMPLES]


def _generation(row: Row, article: Article) -> Generation:
    start = " ".join((article.title or article.text).split())
    return Generation(
        id=row["id"],
        excerpt=_shortened(start),
        gold=json.dumps(row["gold"], ensure_ascii=False),
        written=row["written"][:WRITTEN_CHARACTERS],
        right=not is_wrong(row),
        problem=row["problem"][:EXCERPT_CHARACTERS],
    )


def _answered(said: Row) -> set[tuple[str, str]]:
    entities = {(m["type"], m["text"]) for m in said.get("entities") or ()}
    return entities | ({("", said["topic"])} if said.get("topic") else set())


def _example(row: Row, article: Article, may_quote: bool) -> WrongAnswer:
    if isinstance(row["gold"], str):
        gold, predicted = [row["gold"]], [f"{row['predicted']} ({row['score']:.2f})"]
    elif has_topics(row):
        gold = list(row["gold"]) or ["none"]
        predicted = [f"{t} ({row['probabilities'][t]:.2f})" for t in row["predicted"]] or ["none"]
    else:
        there, said = _spans(row["gold"]), _spans(row["predicted"])
        text = article.text if may_quote else ""
        gold = [_mention(text, span) for span in sorted(there - said)] or ["nothing more"]
        predicted = [_mention(text, span) for span in sorted(said - there)] or ["nothing more"]
    start = " ".join((article.title or article.text).split())
    return WrongAnswer(
        id=article.id,
        excerpt=_shortened(start) if may_quote else "",
        gold=gold,
        predicted=predicted,
    )


def _weight(row: Row) -> float:
    if isinstance(row["gold"], str):
        return float(row["score"])
    if has_topics(row):
        return len(topics_of(row, "gold") ^ topics_of(row, "predicted"))
    return len(_spans(row["gold"]) ^ _spans(row["predicted"]))


def _spans(items: Sequence[Row]) -> set[Span]:
    return {Span(item["start"], item["end"], item["label"]) for item in items}


def _mention(text: str, span: Span) -> str:
    mention = " ".join(text[span.start : span.end].split())
    return f"{_shortened(mention) or f'{span.start}-{span.end}'} ({span.label})"


def _shortened(text: str) -> str:
    if len(text) <= EXCERPT_CHARACTERS:
        return text
    return text[:EXCERPT_CHARACTERS].rsplit(" ", 1)[0] + " …"
