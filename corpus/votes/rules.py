"""The rules by which answers become gold: majority, dawid-skene, trusted, adjudicated.

In this order, whatever the rule:

1. Where an adjudicator answered, only adjudicators count ("adjudicated").
2. By rule ``trusted``, where one of the trusted answered, only they count ("trusted").
3. A question with one answer has it for gold ("single"): there is nothing to weigh it against.
4. By rule ``dawid-skene``, the most probable label; else the majority of the answers.

Among several adjudicators or trusted annotators the majority decides. What stays equal is a tie.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from corpus.votes.dawid_skene import SMOOTHING, estimate, to_ballots
from corpus.votes.decided import Decided, choice_shares, decide_choice, decide_set, set_shares
from corpus.votes.vote import Candidate, Unit, Value, Vote, by_unit

Rule = Literal["majority", "dawid-skene", "trusted", "adjudicated"]
# Of a text there are many places that nobody marks. From 3 on their number changes little.
BLANKS = 10.0
SINGLE, MAJORITY, DAWID_SKENE = "single", "majority", "dawid-skene"
ADJUDICATED = "adjudicated"
RULES: tuple[str, ...] = get_args(Rule)


@dataclass(frozen=True, slots=True)
class Policy:
    """Which rule, and whose answers it prefers. ``adjudicators`` win by every rule.

    ``overlaps``: spans of one answer may overlap, so that no rule may drop one for that.
    """

    rule: Rule = "majority"
    trusted: frozenset[str] = frozenset()
    adjudicators: frozenset[str] = frozenset()
    smoothing: float = SMOOTHING
    overlaps: bool = False


def settle_choices(votes: Sequence[Vote[str]], policy: Policy) -> list[Decided[str]]:
    """One label a question, in the order of items."""
    units = by_unit(votes)
    posteriors = choice_posteriors(units, policy.smoothing) if _weighs(policy) else {}
    found = []
    for unit, all_votes in units.items():
        rule, counted = votes_that_count(all_votes, policy)
        shares = posteriors[unit] if rule == DAWID_SKENE else choice_shares(_values(counted))
        found.append(decide_choice(unit, rule, len(all_votes), shares))
    return found


def settle_sets(
    votes: Sequence[Vote[frozenset[Candidate]]], policy: Policy
) -> list[Decided[frozenset[Candidate]]]:
    """A set a question: every span or label with more than half of the votes that count.

    By ``dawid-skene`` every candidate is a yes-or-no item of its own, answered by all who were
    asked; of overlapping spans that are all probable the most probable stays, unless answers may
    hold overlapping ones.
    """
    units = by_unit(votes)
    posteriors = set_posteriors(units, policy.smoothing) if _weighs(policy) else {}
    found = []
    for unit, all_votes in units.items():
        rule, counted = votes_that_count(all_votes, policy)
        by_votes = rule != DAWID_SKENE
        shares = set_shares(_values(counted)) if by_votes else posteriors[unit]
        overlaps = by_votes or policy.overlaps
        found.append(decide_set(unit, rule, len(all_votes), shares, overlaps))
    return found


def votes_that_count(
    votes: Sequence[Vote[Value]], policy: Policy
) -> tuple[str, Sequence[Vote[Value]]]:
    """The rule that decides this question, and the votes it looks at."""
    if chosen := _by(votes, policy.adjudicators):
        return ADJUDICATED, chosen
    if policy.rule == "trusted" and (chosen := _by(votes, policy.trusted)):
        return "trusted", chosen
    if len(votes) == 1:
        return SINGLE, votes
    return DAWID_SKENE if _weighs(policy) else MAJORITY, votes


def choice_posteriors(
    units: Mapping[Unit, Sequence[Vote[str]]], smoothing: float = SMOOTHING
) -> dict[Unit, dict[str, float]]:
    """Unit → label → posterior probability."""
    labels = sorted({vote.value for votes in units.values() for vote in votes})
    index = {label: at for at, label in enumerate(labels)}
    rows = [
        (at, vote.annotator, index[vote.value])
        for at, votes in enumerate(units.values())
        for vote in votes
    ]
    found = estimate(to_ballots(rows, [1.0] * len(units), len(labels)), smoothing)
    return {
        unit: dict(zip(labels, found.posterior[at].tolist(), strict=True))
        for at, unit in enumerate(units)
    }


def set_posteriors(
    units: Mapping[Unit, Sequence[Vote[frozenset[Candidate]]]], smoothing: float = SMOOTHING
) -> dict[Unit, dict[Candidate, float]]:
    """Unit → candidate → posterior probability that it belongs in the set.

    Every candidate is a yes-or-no item. A label is one for every unit, whoever gave it. A span that
    nobody marked anywhere is no candidate, so of spans alone it would seem that annotators mark as
    often what is not there as what is: each unit has ``BLANKS`` places besides that nobody marked.
    """
    given = {u: set[Candidate]().union(*(v.value for v in votes)) for u, votes in units.items()}
    labels = {c for found in given.values() for c in found if isinstance(c, str)}
    places = [(unit, c) for unit, found in given.items() for c in sorted(labels or found)]
    blanks = [] if labels else list(units)
    rows = [
        (at, vote.annotator, int(candidate in vote.value))
        for at, (unit, candidate) in enumerate(places)
        for vote in units[unit]
    ]
    rows += [
        (at, vote.annotator, 0)
        for at, unit in enumerate(blanks, start=len(places))
        for vote in units[unit]
    ]
    weight = [1.0] * len(places) + [BLANKS] * len(blanks)
    posterior = estimate(to_ballots(rows, weight, 2), smoothing).posterior if rows else ()
    found: dict[Unit, dict[Candidate, float]] = {unit: {} for unit in units}
    for (unit, candidate), row in zip(places, posterior, strict=False):
        if candidate in given[unit]:
            found[unit][candidate] = float(row[1])
    return found


def _weighs(policy: Policy) -> bool:
    return policy.rule == DAWID_SKENE


def _by(votes: Sequence[Vote[Value]], names: Collection[str]) -> list[Vote[Value]]:
    return [vote for vote in votes if vote.annotator in names]


def _values(votes: Sequence[Vote[Value]]) -> list[Value]:
    return [vote.value for vote in votes]
