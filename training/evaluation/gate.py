"""The gate: may this model replace the last published one?

It sees what both models said of the same test articles, as counts, and the desk's rules.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from corpus.settings.gate import GateSettings
from training.evaluation.counts import Counts
from training.evaluation.paired import Comparison, Difference, compare

Word = Literal["publish", "keep", "not enough evidence"]
Rule = Literal["first publication", "against the published model"]
# How many times the test articles are tried, as if there were more like them.
COPIES = (1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 64)
MOST_TRIED, TRIED_RESAMPLES = 100_000, 400
FIRST: Rule = "first publication"
AGAINST: Rule = "against the published model"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reasons`` are sentences for people; ``comparison`` is None without any test article, and
    where there is nothing to find in them.

    ``floor_labels`` are those that the floor was applied to.
    """

    verdict: Word
    rule: Rule
    reasons: tuple[str, ...]
    comparison: Comparison | None
    floor_labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What the models answer: ``labels`` in schema order; ``score`` is what people call micro-F1
    here (accuracy, span F1); ``seed`` is of the resampling.
    """

    labels: Sequence[str]
    score: str
    seed: int


def judge(
    published: Counts,
    candidate: Counts,
    known: Sequence[str],
    question: Question,
    rules: GateSettings,
) -> Verdict:
    """Candidate against the published model, on the same articles and the same gold.

    ``known`` are the labels that the published model knows, too: on others it has nothing to lose.
    """
    n, has_gold = candidate.real.shape[0], bool(candidate.real.sum())
    compared = compare(published, candidate, question.labels, question.seed) if has_gold else None
    if n < rules.minimum_test:
        reason = (
            f"The test split has {n} articles, and a comparison needs {rules.minimum_test} "
            "(gate.minimum_test): answer blind records in Argilla."
        )
        return Verdict("not enough evidence", AGAINST, (reason,), compared)
    if compared is None:
        return Verdict("not enough evidence", AGAINST, (_nothing_there(n, question.score),), None)
    floor = tuple(k for k in known if compared.labels[k].support >= rules.label_support)
    fallen = {k: d for k in floor if _fell(d := compared.labels[k], rules)}
    word, reason = _overall(compared, question.score, rules)
    if word == "not enough evidence":
        reason += _advice(published, candidate, question, rules.margin)
    if fallen and word != "keep":
        surely = any(d.difference.high < 0 for d in fallen.values())
        word = "keep" if surely else "not enough evidence"
    reasons = (reason, *(_fallen(name, d, rules) for name, d in fallen.items()))
    return Verdict(word, AGAINST, reasons, compared, floor)


def judge_first(
    constant: Counts,
    candidate: Counts,
    constant_name: str,
    question: Question,
    rules: GateSettings,
) -> Verdict:
    """Nothing is published yet: is the candidate better than what anybody has for nothing?

    ``constant`` always says the same (``constant_name``). A test that is too small to tell stops
    no first model, since there is none that it could spoil; the reasons say so.
    """
    n = candidate.real.shape[0]
    if not n:
        reason = "No article of the test split is resolved: answer blind records in Argilla."
        return Verdict("not enough evidence", FIRST, (reason,), None)
    if not candidate.real.sum():
        return Verdict("not enough evidence", FIRST, (_nothing_there(n, question.score),), None)
    compared = compare(constant, candidate, question.labels, question.seed)
    change = f"{_change(question.score, compared.overall)} on {n} test articles"
    gained = compared.overall
    is_better = gained.new > gained.old
    if gained.difference.high < 0 or (n >= rules.minimum_test and not is_better):
        reason = f"It is no better than {constant_name}: {change}."
        return Verdict("keep", FIRST, (reason,), compared)
    reasons = [f"Nothing is published yet, and {constant_name} is the only other choice: {change}."]
    if n < rules.minimum_test:
        reasons.append(
            f"So few articles say little; to replace it will take {rules.minimum_test} or more."
        )
    if gained.difference.low <= 0:
        reasons.append("The interval does not exclude that it is no better.")
    return Verdict("publish", FIRST, tuple(reasons), compared)


def _overall(compared: Comparison, score: str, rules: GateSettings) -> tuple[Word, str]:
    change = f"{_change(score, compared.overall)} on the same {compared.n} test articles"
    interval = compared.overall.difference
    if interval.high < 0:
        return "keep", f"It is worse: {change}."
    if interval.low > 0:
        return "publish", f"It is better: {change}."
    if interval.low >= -rules.margin:
        return "publish", f"It loses less than the margin of {rules.margin:g}, if any: {change}."
    return "not enough evidence", f"It may be better or worse: {change}."


def _advice(published: Counts, candidate: Counts, question: Question, margin: float) -> str:
    """With how many test articles this difference would pass, tried with copies of these."""
    n = candidate.real.shape[0]
    for times in COPIES:
        many = int(n * times)
        if many > MOST_TRIED:
            break
        rows = np.resize(np.arange(n), many)
        found = compare(
            published.at(rows), candidate.at(rows), question.labels, question.seed, TRIED_RESAMPLES
        )
        if found.overall.difference.low >= -margin:
            step: int = 10 ** max(1, math.floor(math.log10(many)) - 1)
            needed = math.ceil(many / step) * step
            return f" If the difference stays, about {needed:,} test articles would do."
    return ""


def _nothing_there(n: int, score: str) -> str:
    return (
        f"There is nothing to find in the {n} test articles, so {score} is not defined and nothing "
        "can be compared: answer blind records in Argilla until some hold a label."
    )


def _fell(difference: Difference, rules: GateSettings) -> bool:
    return difference.difference.value < -rules.label_floor


def _fallen(label: str, difference: Difference, rules: GateSettings) -> str:
    surely = "" if difference.difference.high < 0 else ", which may be chance"
    return (
        f"{_change(f'F1 of {label}', difference)} over {difference.support} of its kind falls by "
        f"more than the floor of {rules.label_floor:g} allows{surely}."
    )


def _change(score: str, difference: Difference) -> str:
    d = difference.difference
    return (
        f"{score} {difference.old:.3f} → {difference.new:.3f}, "
        f"difference {d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]"
    )
