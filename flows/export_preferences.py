"""export_preferences: opinions of models' answers → JSON lines for trl's preference trainers."""

import json
import logging
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from pydantic import Field

from argilla_settings.answers import answers_name
from corpus.articles import Split
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold
from corpus.instruct.corrections import learnable_splits
from corpus.instruct.pairs import is_resolved, to_answer
from corpus.instruct.preferences import Preference, RightAnswers, preferences
from corpus.permissions import stated_license, states_licenses, withheld_ids
from corpus.review_state import copydesk_home, desk_questions, open_ledger, resolve_ledger
from flows.desk_run import DeskRun

log = logging.getLogger("flows.export_preferences")


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
        raise _nothing(desk, len(review.submitted()), found, withheld)
    write_rows(file, to_rows(desk, allowed, splits, licensed=states_licenses(desk, known)))
    report = ExportedPreferences(
        file=file,
        rows=dict(sorted(Counter(p.came_from for p in allowed).items())),
        withheld=sum(p.article.id in withheld for p in found),
        tested=sum(p.article.id not in splits for p in found),
    )
    show(desk, report)
    return report


def export_file(desk: Desk, out: str) -> Path:
    """Where the rows go. Raises DeskError for a folder, and for what no export has written."""
    file = Path(out or f"{copydesk_home()}/preferences/{desk.name}.jsonl")
    if file.is_dir():
        problem = f"{str(file)!r} is a folder; preferences go into a file."
    elif file.exists() and not _is_export(file):
        problem = f"{str(file)!r} is not a file of preferences; only such a file is replaced."
    else:
        return file
    raise DeskError(problem, "Give another file: copydesk answers export --out FILE")


def _is_export(file: Path) -> bool:
    if not file.is_file():
        return False
    try:
        with file.open(encoding="utf-8") as lines:
            row = json.loads(lines.readline())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(row, dict) and {"prompt", "chosen", "rejected"} <= row.keys()


def to_rows(
    desk: Desk, allowed: Sequence[Preference], splits: Mapping[str, Split], licensed: bool
) -> list[dict[str, Any]]:
    """As they are written; with the article's licence where licences are known."""
    questions = desk_questions(desk)
    return [
        p.row(questions, splits[p.article.id])
        | ({"license": stated_license(desk, p.article)} if licensed else {})
        for p in allowed
    ]


def right_answers(desk: Desk, gold: Gold) -> RightAnswers:
    """Gold of the desk's own questions where it exists, else what people corrected."""
    questions = desk_questions(desk)
    right: dict[str, Any] = {c.article.id: (c.answer, "correction") for c in gold.corrected}
    resolved = [r for r in gold.reviewed if is_resolved(r, questions)]
    return right | {r.article.id: (to_answer(r, questions), "gold") for r in resolved}


@task(cache_policy=NO_CACHE)
def write_rows(file: Path, rows: list[dict[str, Any]]) -> None:
    """The whole file or nothing of it, readable by its owner only: it holds whole articles."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished.touch(0o600)
        unfinished.write_text(lines, encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        raise DeskError(
            f"{str(file)!r} cannot be written: {error.strerror or error}.",
            "Give another file: copydesk answers export --out FILE",
        ) from error
    finally:
        with suppress(OSError):
            unfinished.unlink()


def show(desk: Desk, report: ExportedPreferences) -> None:
    """Artifact: how many preferences there are, and what was left out."""
    rows = [
        *({"what": f"by {origin}", "count": count} for origin, count in report.rows.items()),
        {"what": "left out: the text may not be passed on", "count": report.withheld},
        {"what": "left out: of the test split, or like it", "count": report.tested},
    ]
    key = f"{answers_name(desk)}-preferences".replace("_", "-")
    create_table_artifact(table=rows, key=key)


def _nothing(
    desk: Desk, opinions: int, found: Sequence[Preference], withheld: Collection[str]
) -> DeskError:
    closed = sum(p.article.id in withheld for p in found)
    problem = (
        f"Nothing to export from desk {desk.name!r}: {opinions} opinions, {len(found)} preferences"
    )
    if found:
        problem += f", {closed} of articles whose text may not be passed on"
    if len(found) > closed:
        problem += f", {len(found) - closed} of articles of the test split or like one"
    if closed:
        step = "Name the licences that allow it in publish.text_licenses of the desk"
    else:
        step = "Rate and correct answers in Argilla, then run copydesk answers pull"
    return DeskError(f"{problem}.", f"{step}.")
