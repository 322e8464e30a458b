"""What a load did, for people: a table and a link as artifacts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prefect.artifacts import create_link_artifact, create_table_artifact

from corpus.articles import Article, Prediction, chosen_topics
from corpus.desk import Desk


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did. ``suggestions`` counts new records by the agent of their suggestions."""

    read: int
    skipped: dict[str, int]
    repairs: dict[str, int]
    articles: int
    new: int
    blind: int
    suggestions: dict[str, int]
    argilla_url: str


def show_load(desk: Desk, report: LoadReport, new: Sequence[Article]) -> None:
    """Artifacts: what was loaded, and where it is reviewed."""
    rows = [
        {"what": "rows read", "count": report.read},
        *({"what": f"skipped: {why}", "count": n} for why, n in report.skipped.items()),
        *({"what": f"changed: {why}", "count": n} for why, n in report.repairs.items()),
        {"what": "articles in this batch", "count": report.articles},
        {"what": "new records", "count": report.new},
        {"what": "of these without suggestions (blind)", "count": report.blind},
        *({"what": f"suggestions by {who}", "count": n} for who, n in report.suggestions.items()),
        *({"what": f"source label {label}", "count": n} for label, n in _labels(new).items()),
    ]
    create_table_artifact(table=rows, key=f"{desk.name}-loaded".replace("_", "-"))
    create_link_artifact(
        link=report.argilla_url,
        link_text=f"Review {desk.name} in Argilla",
        key=f"{desk.name}-argilla".replace("_", "-"),
    )


def count_agents(predictions: Mapping[str, Prediction]) -> dict[str, int]:
    """Agent → the suggestions that it made."""
    topics = Counter(p.topic_agent for p in predictions.values() if p.said_topics())
    spans = Counter(p.spans_agent for p in predictions.values() if p.spans is not None)
    return dict(sorted((topics + spans).items()))


def _labels(articles: Sequence[Article]) -> Counter[str]:
    return Counter(topic for article in articles for topic in chosen_topics(article) or ())
