"""review.rule of a desk: what it changes, and that the majority stays what it always was."""

import hashlib
import json
import random
from collections import Counter
from datetime import UTC, datetime

import pytest

from corpus.articles import Article, Response, Span
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.gold import build_gold
from corpus.ledger_rows import LedgerEntry
from corpus.resolve import Resolution, resolve_articles
from corpus.votes.rules import Policy

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
ADA, BO = Span(0, 3, "person"), Span(8, 10, "person")
LATER = ("instructions", "tokenizer", "preannotation")
GOOD, BAD, WORSE = (f"annotator-0000000{n}" for n in range(3))


def desk(**overrides: object) -> Desk:
    return read_desk("desk.yaml", {"review.min_submitted": 1, **overrides})


def by_hand(group: list[Response]) -> Resolution:
    """The majority, written down once more: more votes than any other, more than half of all."""
    topics = Counter(r.topic for r in group).most_common()
    tied = len(topics) > 1 and topics[0][1] == topics[1][1]
    topic = None if tied else topics[0][0]
    votes = Counter(span for r in group for span in r.spans or ())
    half = len(group) / 2
    spans = tuple(sorted(s for s, n in votes.items() if n > half))
    kept = None if half in votes.values() else spans
    open_ = topic is None or kept is None
    rule = "tie" if open_ else "single" if len(group) == 1 else "majority"
    shares = [] if topic is None else [sum(r.topic == topic for r in group) / len(group)]
    if kept is not None:
        shares.append(sum(set(r.spans or ()) == set(kept) for r in group) / len(group))
    return Resolution(topic, kept, rule, len(group), sum(shares) / len(shares) if shares else 0.0)


def test_the_majority_is_what_it_was() -> None:
    dice = random.Random(1)
    groups = {
        f"{n:03d}": [
            Response(
                f"{n:03d}", f"a{who}", "submitted", dice.choice("XYZ"),
                tuple(s for s in (ADA, BO) if dice.random() < 0.6), NOON,
            )
            for who in range(dice.randrange(1, 6))
        ]
        for n in range(300)
    }  # fmt: skip
    found = resolve_articles(groups, True, True, Policy())
    assert {r.rule for r in found.values()} == {"single", "majority", "tie"}
    assert found == {identifier: by_hand(group) for identifier, group in groups.items()}


def test_without_a_rule_the_digest_is_that_of_desks_before_there_were_rules() -> None:
    plain = desk()
    before = plain.model_dump(
        mode="json",
        exclude={"name", "source", "gate", "publish", "state", "simulation", "workspace"},
    )
    given = ("guidelines", "also_ask", "find_similar", "reconcile_hours", "order", "rule")
    for part, keys in (
        ("labels", ("overlapping",)),
        ("review", (*given, "trusted")),
        ("models", LATER),
        ("labels", ("several_topics",)),
    ):
        for key in keys:
            del before[part][key]
    text = json.dumps(before, separators=(",", ":"), ensure_ascii=False)
    assert plain.digest() == hashlib.sha256(text.encode()).hexdigest()[:12]
    weighed = desk(**{"review.rule": "dawid-skene"})
    trusted = [desk(**{"review.rule": "trusted", "review.trusted": [n]}) for n in (GOOD, BAD)]
    assert len({d.digest() for d in (plain, weighed, *trusted)}) == 4


def entries(topics: dict[str, dict[str, str]]) -> list[LedgerEntry]:
    return [
        LedgerEntry(Response(article, who, "submitted", topic, (), NOON), "g", True)
        for article, said in topics.items()
        for who, topic in said.items()
    ]


def test_gold_by_every_rule() -> None:
    """Two annotators err the same way now and then; Dawid-Skene finds out whom to believe."""
    dice = random.Random(2)
    labels = ["World", "Sports"]
    words = [f"w{n}" for n in range(400)]
    articles = [Article(f"{n:03d}", " ".join(dice.choices(words, k=30))) for n in range(80)]
    truth = {a.id: dice.choice(labels) for a in articles}

    def say(true: str, right: float) -> str:
        return true if dice.random() < right else labels[labels[0] == true]

    said = {i: {GOOD: t, BAD: say(t, 0.6), WORSE: say(t, 0.6)} for i, t in truth.items()}
    by_id = {a.id: a for a in articles}

    def gold(**overrides: object) -> dict[str, tuple[str | None, str]]:
        found = build_gold(desk(**overrides), by_id, entries(said), {})
        return {r.article.id: (r.topic, r.rule) for r in found.reviewed}

    def right(found: dict[str, tuple[str | None, str]]) -> int:
        return sum(topic == truth[i] for i, (topic, _) in found.items())

    counted, weighed = gold(), gold(**{"review.rule": "dawid-skene"})
    trusted = gold(**{"review.rule": "trusted", "review.trusted": [GOOD]})
    assert {rule for _, rule in counted.values()} == {"majority"}
    assert {rule for _, rule in weighed.values()} == {"dawid-skene"}
    assert {rule for _, rule in trusted.values()} == {"trusted"}
    assert right(trusted) == 80
    assert right(counted) < right(weighed)
    final = build_gold(desk(), by_id, entries(said), {}, adjudicators={BAD})
    assert final.rules == {"adjudicated": 80}
    assert [r.topic for r in final.reviewed] == [said[r.article.id][BAD] for r in final.reviewed]


def test_where_entities_may_overlap_the_gold_has_all_of_them() -> None:
    """A person in the name of a prize; everybody marks both."""
    prize = Span(0, 14, "event")
    words = [f"w{n}" for n in range(400)]
    dice = random.Random(3)
    known = {f"{n}": Article(f"{n}", " ".join(dice.choices(words, k=30))) for n in range(20)}
    answers = [
        LedgerEntry(Response(i, who, "submitted", "World", (ADA, prize), NOON), "g", True)
        for i in known
        for who in (GOOD, BAD)
    ]
    for allowed, spans in ((True, (ADA, prize)), (False, (prize,))):
        asked = desk(**{"review.rule": "dawid-skene", "labels.overlapping": allowed})
        assert {r.spans for r in build_gold(asked, known, answers, {}).reviewed} == {spans}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"review.rule": "best"}, "'majority', 'dawid-skene' or 'trusted'"),
        ({"review.rule": "trusted"}, "trusted must name annotators"),
        ({"review.trusted": [GOOD]}, "read by rule trusted alone"),
        ({"review.rule": "trusted", "review.trusted": ["marie"]}, "annotator-"),
    ],
)
def test_rules_that_do_not_fit_are_refused(overrides: dict[str, object], said: str) -> None:
    with pytest.raises(DeskError) as error:
        desk(**overrides)
    assert said in str(error.value)
