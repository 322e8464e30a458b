"""What copydesk agreement and resolve do with a file of answers."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from copydesk.data_file import tell
from copydesk.show_votes import MOST_PAIRS, agreement_lines, resolve_lines
from corpus.errors import DeskError
from corpus.labelled.columns import FileForm
from corpus.votes.cells import to_name
from corpus.votes.columns import FLAGS, VoteColumns
from corpus.votes.described import describe_agreement, describe_resolution
from corpus.votes.read import VoteFile, read_votes
from corpus.votes.report import REPORTS
from corpus.votes.rules import RULES, Policy, Rule, settle_choices, settle_sets
from corpus.votes.sets import have_overlaps
from corpus.votes.vote import annotators_of
from corpus.votes.write import require_out, write_decided

# Of a hundred annotators there are 4,950 pairs; with a thousand the work takes seconds.
MOST_PAIRS_IN_JSON = 1000


def answers_file(
    path: Path,
    columns: Mapping[str, str | None],
    format_: str | None,
    encoding: str,
    delimiter: str | None,
) -> VoteFile[Any]:
    """The file, read by the values of the options."""
    empty = [FLAGS[role] for role, name in columns.items() if name == ""]
    if empty:
        raise DeskError(f"{empty[0]} is empty.", "Give the name of a column.")
    return read_votes(path, VoteColumns(**columns), FileForm(format_, encoding, delimiter))


def agreement_of_file(file: VoteFile[Any], seed: int, as_json: bool) -> None:
    """Print agreement."""
    names = annotators_of(file.votes)
    if len(names) < 2:
        raise DeskError(
            f"{file.path} has answers of one annotator, {names[0]!r}; agreement needs two.",
            f"Name the column that tells who answered: {FLAGS['annotator']} NAME.",
        )
    most = MOST_PAIRS_IN_JSON if as_json else MOST_PAIRS
    report = REPORTS[file.kind](file.votes, seed, most_pairs=most)
    if not report.pairs:
        raise DeskError(
            f"{file.path}: no item has answers of two annotators, so there is nothing to compare.",
            f"Check {FLAGS['item']} and {FLAGS['question']}.",
        )
    found = describe_agreement(file, report, seed)
    print(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(agreement_lines(found)))


def to_policy(
    rule: str, trusted: Sequence[str], adjudicators: Sequence[str], file: VoteFile[Any]
) -> Policy:
    """The rule of the options. Raises DeskError for a rule or an annotator that is not known.

    Spans may overlap where those of one answer do.
    """
    if rule not in RULES:
        raise DeskError(f"--rule {rule!r} is not known.", f"Use one of {', '.join(RULES)}.")
    for wanted, names, flag in (
        ("trusted", trusted, "--trusted"),
        ("adjudicated", adjudicators, "--adjudicator"),
    ):
        if rule == wanted and not names:
            raise DeskError(f"--rule {rule} needs to know whose answers win.", f"Add {flag} NAME.")
    if trusted and rule != "trusted":
        raise DeskError(f"--trusted is not read by rule {rule}.", "Use --rule trusted.")
    known = annotators_of(file.votes)
    unknown = [n for n in (*trusted, *adjudicators) if to_name(n) not in known]
    if unknown:
        shown = ", ".join(known[:10]) + (f" and {len(known) - 10} more" if len(known) > 10 else "")
        raise DeskError(
            f"Annotator {unknown[0]!r} answered nothing in {file.path}.", f"It has: {shown}."
        )
    preferred, final = (frozenset(map(to_name, names)) for names in (trusted, adjudicators))
    overlaps = file.kind == "spans" and have_overlaps(vote.value for vote in file.votes)
    return Policy(cast(Rule, rule), preferred, final, overlaps=overlaps)


def resolve_file(
    file: VoteFile[Any], policy: Policy, out: Path | None, seed: int, as_json: bool
) -> None:
    """Resolve, write, score, print."""
    if out is not None:
        require_out(out, file.path)
    if file.gold is not None and not file.gold.keys() & {vote.unit for vote in file.votes}:
        raise DeskError(
            f"{file.path}: no item that was answered has a gold.", "Check --gold, or leave it out."
        )
    settle = settle_choices if file.kind == "topics" else settle_sets
    decided = settle(file.votes, policy)
    found = describe_resolution(file, policy, decided, seed)
    if out is not None:
        write_decided(decided, file, out)
        tell(f"{out}: {len(decided):,} rows")
    print(json.dumps(found, ensure_ascii=False) if as_json else "\n".join(resolve_lines(found)))
