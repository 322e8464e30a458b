"""Preferences as they are exported: their rows, the right answers, and why there may be none."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from corpus.articles import Split
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.gold import Gold
from corpus.instruct.pairs import is_resolved, to_answer
from corpus.instruct.preferences import Preference, RightAnswers
from corpus.permissions import stated_license
from corpus.review_state import desk_questions


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


def nothing_to_export(
    desk: Desk, opinions: int, found: Sequence[Preference], withheld: Collection[str]
) -> DeskError:
    """What is there, why none of it goes out, and what to do about it."""
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
