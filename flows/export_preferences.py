"""export_preferences: opinions of models' answers → JSON lines for trl's preference trainers."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_table_artifact
from pydantic import Field

from argilla_settings.answers import answers_name
from corpus.desk import Desk
from corpus.instruct.corrections import learnable_splits
from corpus.instruct.preferences import preferences
from corpus.permissions import states_licenses, withheld_ids
from corpus.review_state import desk_questions, open_ledger, resolve_ledger
from flows.desk_run import DeskRun
from flows.exportable import nothing_to_export, right_answers, to_rows
from flows.preference_file import export_file, write_rows


class ExportPreferences(DeskRun):
    """Where the file goes; an export that is there is replaced."""

    out: str = Field("", description="the file; COPYDESK_HOME/preferences/DESK.jsonl if left out")


@dataclass(frozen=True, slots=True)
class ExportedPreferences:
    """``rows`` by where they come from. Left out: ``withheld``, whose text may not be passed on,
    and ``tested``, of articles of the test split or like one.
    """

    file: Path
    rows: dict[str, int]
    withheld: int
    tested: int


@flow(name="export_preferences")
def export_preferences(config: ExportPreferences) -> ExportedPreferences:
    """Write chosen and rejected answers to a file; the same state gives the same file."""
    desk = config.read()
    file, ledger = export_file(desk, config.out), open_ledger(desk)
    resolved = resolve_ledger(desk, ledger)
    gold, review = resolved.gold, resolved.review
    found = preferences(desk, review, right_answers(desk, gold), desk_questions(desk))
    articles = list({p.article.id: p.article for p in found}.values())
    splits = learnable_splits(desk, articles, gold.reviewed, ledger.splits())
    # Of all articles: one that states its licence makes those without one withheld.
    known = [*review.articles.values(), *(r.article for r in gold.reviewed)]
    withheld = withheld_ids(desk, known)
    allowed = [p for p in found if p.article.id in splits and p.article.id not in withheld]
    if not allowed:
        raise nothing_to_export(desk, len(review.submitted()), found, withheld)
    write_rows(file, to_rows(desk, allowed, splits, licensed=states_licenses(desk, known)))
    report = ExportedPreferences(
        file=file,
        rows=dict(sorted(Counter(p.came_from for p in allowed).items())),
        withheld=sum(p.article.id in withheld for p in found),
        tested=sum(p.article.id not in splits for p in found),
    )
    show(desk, report)
    return report


def show(desk: Desk, report: ExportedPreferences) -> None:
    """Artifact: how many preferences there are, and what was left out."""
    rows = [
        *({"what": f"by {origin}", "count": count} for origin, count in report.rows.items()),
        {"what": "left out: the text may not be passed on", "count": report.withheld},
        {"what": "left out: of the test split, or like it", "count": report.tested},
    ]
    key = f"{answers_name(desk)}-preferences".replace("_", "-")
    create_table_artifact(table=rows, key=key)
