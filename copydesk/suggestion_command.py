"""`copydesk suggestions`: what suggestions do to answers."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from copydesk.options import DeskOption, SetOption
from copydesk.process import parse_overrides

if TYPE_CHECKING:
    from corpus.suggestions.acceptance import KeptShare


def suggestions(
    desk: DeskOption = "desk.yaml",
    set_: SetOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """How far suggestions pull answers, by the ledger; 95 % intervals over articles."""
    from corpus.desk import read_desk
    from corpus.errors import DeskError
    from corpus.review_state import open_ledger
    from corpus.suggestions.measure import effect_rows, read_effects, to_json

    read = read_desk(desk, parse_overrides(set_))
    found = read_effects(open_ledger(read), read.models.seed)
    if not found.answers:
        raise DeskError(
            f"Desk {read.name!r} has no submitted answer in its ledger.",
            "Answer records in Argilla, then run copydesk pull.",
        )
    if as_json:
        print(json.dumps(to_json(found), indent=2))
        return
    print(f"{found.answers} answers, {found.simulated} of them simulated.")
    for what, figure in effect_rows(found):
        print(f"{what:45} {figure}")
    _print_by_score("Topics", found.topics.by_score)
    _print_by_score("Spans", found.spans.by_score)


def _print_by_score(what: str, parts: "tuple[KeptShare, ...]") -> None:
    from corpus.suggestions.measure import interval_text

    if not parts:
        return
    print(f"\n{what + ', by score':16} {'shown':>6}  {'kept':22} {'blind':>6}  would be kept")
    for part in parts:
        score = "none" if part.score_from is None else f"{part.score_from:g} to {part.score_to:g}"
        kept, alone = interval_text(part.kept), interval_text(part.alone)
        print(f"{score:16} {part.shown:6}  {kept:22} {part.blind:6}  {alone}")
