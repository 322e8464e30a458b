"""The figures of cards by plain loops over published rows, sharing no code with the cards."""

from collections import Counter, defaultdict
from itertools import combinations
from typing import Any

from nervaluate import Evaluator
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

Row = dict[str, Any]


def answer_figures(responses: list[Row], topics: list[str]) -> dict[str, float]:
    """Key → value of agreement and of suggestions kept, over submitted answers."""
    answers = [row for row in responses if row["status"] == "submitted"]
    blind = [row for row in answers if row["blind"]]
    shown = [row for row in answers if not row["blind"]]
    found = {
        f"{key}/{name}/value": value
        for key, rows in (
            ("/agreement", answers),
            ("/suggestions/agreement_blind", blind),
            ("/suggestions/agreement_shown", shown),
        )
        for name, value in _agreement(rows).items()
    }
    asked = [row for row in answers if row["suggested_topic"] is not None]
    kept = [row for row in asked if topics[row["topic"]] == row["suggested_topic"]]
    spans = [(s, _spans(row["spans"])) for row in answers for s in row["suggested_spans"] or ()]
    right = [s for s, marked in spans if (s["start"], s["end"], s["label"]) in marked]
    for name, part, whole in (("topic", kept, asked), ("span", right, spans)):
        if whole:
            found[f"/suggestions/{name}_rate/value"] = len(part) / len(whole)
    return found


def topic_figures(predictions: list[Row]) -> dict[str, float]:
    """Key → value, by scikit-learn."""
    gold, said = [p["gold"] for p in predictions], [p["predicted"] for p in predictions]
    found = {
        "/scores/accuracy/value": accuracy_score(gold, said),
        "/scores/macro_f1/value": f1_score(gold, said, average="macro", zero_division=0),
    }
    for label in {*gold, *said}:
        at = {"labels": [label], "average": "macro", "zero_division": 0}
        found[f"/scores/labels/{label}/precision_interval/value"] = precision_score(
            gold, said, **at
        )
        found[f"/scores/labels/{label}/recall_interval/value"] = recall_score(gold, said, **at)
        found[f"/scores/labels/{label}/f1/value"] = f1_score(gold, said, **at)
    return found


def span_figures(predictions: list[Row]) -> dict[str, float]:
    """Key → value of exact spans, counted one by one."""
    hit, said, real = Counter[str](), Counter[str](), Counter[str]()
    for row in predictions:
        gold, predicted = _spans(row["gold"]), _spans(row["predicted"])
        for _, _, label in gold:
            real[label] += 1
        for span in predicted:
            said[span[2]] += 1
            hit[span[2]] += span in gold
    h, s, r = hit.total(), said.total(), real.total()
    found = {"/scores/precision/value": h / s, "/scores/recall/value": h / r}
    found["/scores/f1/value"] = 2 * h / (s + r)
    for label in real.keys() & said.keys():
        found[f"/scores/labels/{label}/precision_interval/value"] = hit[label] / said[label]
        found[f"/scores/labels/{label}/recall_interval/value"] = hit[label] / real[label]
        found[f"/scores/labels/{label}/f1/value"] = 2 * hit[label] / (said[label] + real[label])
    scored = [(s, _spans(row["gold"])) for row in predictions for s in row["predicted"]]
    right = [(s["score"], (s["start"], s["end"], s["label"]) in gold) for s, gold in scored]
    return found | _other_ways(predictions) | _calibration(right)


def _other_ways(predictions: list[Row]) -> dict[str, float]:
    """By nervaluate, for which the end of a span is its last character."""
    gold, said = (
        [[{"label": n, "start": a, "end": b - 1} for a, b, n in sorted(_spans(row[side]))]
         for row in predictions]
        for side in ("gold", "predicted")
    )  # fmt: skip
    labels = sorted({span["label"] for row in (*gold, *said) for span in row})
    oracle = Evaluator(gold, said, tags=labels, loader="dict").evaluate()["overall"]
    found = {}
    for ours, theirs in (("boundaries", "exact"), ("partial", "partial"), ("type", "ent_type")):
        for name in ("precision", "recall", "f1"):
            found[f"/scores/schemes/{ours}/{name}/value"] = getattr(oracle[theirs], name)
    return found


def _calibration(right: list[tuple[float, bool]]) -> dict[str, float]:
    """Expected calibration error over bins of as many predictions, at least ten in each."""
    count = min(10, len(right) // 10)
    if count < 2:
        return {}
    right = sorted(right, key=lambda pair: pair[0])
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for i, pair in enumerate(right):
        bins[int((i + 0.5) * count / len(right))].append(pair)
    off = [abs(sum(p for p, _ in part) - sum(r for _, r in part)) for part in bins.values()]
    return {"/calibration/error/value": sum(off) / len(right)}


def _agreement(answers: list[Row]) -> dict[str, float]:
    """Alpha by the matrix of coincidences (Krippendorff 2011, section C)."""
    articles: dict[str, list[Row]] = defaultdict(list)
    for row in answers:
        articles[row["article_id"]].append(row)
    equal, shared, marked = [], 0, 0
    matrix: dict[tuple[int, int], float] = defaultdict(float)
    for group in articles.values():
        for one, other in combinations(group, 2):
            equal.append(one["topic"] == other["topic"])
            a, b = _spans(one["spans"]), _spans(other["spans"])
            shared, marked = shared + 2 * len(a & b), marked + len(a) + len(b)
            for pair in ((one["topic"], other["topic"]), (other["topic"], one["topic"])):
                matrix[pair] += 1 / (len(group) - 1)
    margin: dict[int, float] = defaultdict(float)
    for (topic, _), value in matrix.items():
        margin[topic] += value
    n = sum(margin.values())
    observed = sum(value for (c, k), value in matrix.items() if c != k) * (n - 1)
    expected = sum(margin[c] * margin[k] for c in margin for k in margin if c != k)
    # What cannot be compared, as between two answers on nothing, has no figure.
    found = {"topic_percent": sum(equal) / len(equal)} if equal else {}
    found |= {"topic_alpha": 1 - observed / expected} if expected else {}
    return found | ({"span_f1": shared / marked} if marked else {})


def _spans(items: list[Row] | None) -> set[tuple[int, int, str]]:
    return {(item["start"], item["end"], item["label"]) for item in items or ()}
