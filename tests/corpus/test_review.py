"""Ledger, resolution, agreement and splits: from answers to gold."""

import itertools
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from corpus.agreement import measure_agreement
from corpus.articles import Article, Response, ScoredSpan, Span, Split
from corpus.dedup import jaccard, near_duplicates, shingles
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.gold import build_gold, measure_acceptance
from corpus.ledger import Ledger
from corpus.ledger_rows import LedgerEntry
from corpus.resolve import Resolution, resolve_articles
from corpus.settings.review import SplitSettings
from corpus.simulation import SimulatedReviewer, require_labels
from corpus.splits import assign_splits, is_blind, leaks
from corpus.statements import current_statements
from corpus.votes.rules import Policy

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
ADA = Span(0, 3, "person")
WORDS = ["harbour", "ferry", "council", "vote", "storm", "goal", "bank", "probe", "orbit", "treaty"]


def answer(
    annotator: str,
    topic: str | None = "World",
    spans: Sequence[Span] = (),
    article: str = "a",
    minutes: int = 0,
) -> Response:
    at = NOON + timedelta(minutes=minutes)
    return Response(article, annotator, "submitted", topic, tuple(spans), at)


def entry(response: Response, blind: bool = False) -> LedgerEntry:
    return LedgerEntry(response, guidelines="g1", blind=blind)


def make_articles(count: int) -> list[Article]:
    dice = random.Random(1)
    return [Article(f"{i:04d}", " ".join(dice.choices(WORDS, k=30))) for i in range(count)]


def desk(**overrides: object) -> Desk:
    return read_desk("desk.yaml", {"review.min_submitted": 1, **overrides})


def resolve(responses: Sequence[Response], asks_topic: bool, asks_spans: bool) -> Resolution:
    return resolve_articles({"a": responses}, asks_topic, asks_spans, Policy())["a"]


def test_majority_and_ties() -> None:
    two_of_three = [answer("x", "World", [ADA]), answer("y", "World", [ADA]), answer("z", "Sports")]
    found = resolve(two_of_three, True, True)
    assert (found.topic, found.spans, found.rule) == ("World", (ADA,), "majority")
    assert found.agreement == pytest.approx(2 / 3)
    tie = resolve([answer("x", "World"), answer("y", "Sports")], True, False)
    assert (tie.topic, tie.rule) == (None, "tie")
    assert resolve([answer("x", spans=[ADA]), answer("y")], True, True).spans is None
    assert resolve([answer("x", spans=[ADA])], True, True).rule == "single"


def test_discards_do_not_vote() -> None:
    discard = Response("a", "y", "discarded", None, None, NOON)
    assert resolve([answer("x"), discard], True, True).answers == 1
    with pytest.raises(ValueError, match="at least one"):
        resolve([discard], True, True)


def test_empty_pairs_do_not_inflate_span_agreement() -> None:
    nothing = [[answer(who, article=str(n)) for who in "xy"] for n in range(50)]
    half = [answer("x", spans=[ADA]), answer("y", spans=[ADA, Span(5, 8, "event")])]
    assert measure_agreement(nothing).span_f1 is None
    assert measure_agreement([half]).span_f1 == pytest.approx(2 / 3)
    assert measure_agreement([half, *nothing]).span_f1 == pytest.approx(2 / 3)


def test_ledger_keeps_every_answer_once(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path), "desk")
    shown = (ScoredSpan(0, 3, "person", 0.5),)
    first = LedgerEntry(answer("x", spans=[ADA]), "g1", False, "World", 0.75, "m:1", shown, "n:2")
    assert ledger.append_entries([first]) == 1
    assert ledger.append_entries([first]) == 0
    assert ledger.entries() == [first]
    edited = entry(answer("x", "Sports", minutes=5))
    assert ledger.append_entries([edited]) == 1
    assert list(current_statements(ledger.entries()).values()) == [edited]
    assert len(ledger.entries()) == 2
    assert ledger.append_entries([edited.buried()]) == 1
    assert current_statements(ledger.entries()) == {}
    assert ledger.append_entries([edited.buried()]) == 0


def test_two_pulls_at_the_same_moment_count_each_answer_once(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path), "desk")
    entries = [LedgerEntry(answer("x", "World"), "g", False)]
    ledger.append_entries(entries)
    (segment,) = (tmp_path / "desk" / "answers").iterdir()
    # The second writer had looked before the first one wrote.
    shutil.copy(segment, segment.with_name(segment.name.replace("000000", "000001")))
    assert ledger.entries() == entries


def test_unfinished_segments_are_not_read(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path), "desk")
    ledger.append_entries([entry(answer("x"))])
    (tmp_path / "desk/answers/000001-dead.parquet.unfinished").write_bytes(b"PAR1 half")
    assert len(ledger.entries()) == 1
    assert ledger.append_entries([entry(answer("y"))]) == 1
    assert len(ledger.entries()) == 2


def test_ledger_behind_another_scheme() -> None:
    ledger = Ledger("memory://state", "desk")
    ledger.append_articles([Article("a", "Text 👩‍🚀\r\n", title="T")])
    ledger.append_splits({"a": "test"})
    ledger.append_splits({"a": "train"})
    assert ledger.articles()["a"].text == "Text 👩‍🚀\r\n"
    assert ledger.splits() == {"a": "test"}


def test_state_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(DeskError, match="cannot be written"):
        Ledger(str(blocked / "state"), "desk")


def test_splits_are_stable_and_leak_free() -> None:
    articles = make_articles(300)
    copies = [Article(f"copy-{a.id}", a.text + " today") for a in articles[:60]]
    blind = {a.id: is_blind(a.id, 0.1, 13) for a in [*articles, *copies]}
    settings = SplitSettings()
    first = assign_splits(articles, blind, {}, settings, 0.1)
    again = assign_splits([*articles, *copies], blind, first.splits, settings, 0.1)
    assert all(again.splits[i] == split for i, split in first.splits.items())
    assert leaks([*articles, *copies], again.splits) == []
    assert len(again.splits) + len(again.quarantined) == len(articles) + len(copies)
    # Test and validation are made of blind articles alone: a copy of one that was shown with
    # suggestions is left out.
    assert all(blind[i] == (split != "train") for i, split in first.splits.items())
    assert all(blind[i] for i, split in again.splits.items() if split != "train")
    held = {f"copy-{i}" for i, split in first.splits.items() if split != "train"}
    assert {i for i in again.quarantined if not blind[i]} == {
        c.id for c in copies if c.id in held and not blind[c.id]
    }
    # Without known splits too, the order of the articles must not matter.
    shuffled = random.Random(3).sample(articles, len(articles))
    assert assign_splits(shuffled, blind, {}, settings, 0.1).splits == first.splits


@pytest.mark.parametrize(
    ("blind_share", "test", "validation"),
    # Too few for both: divided as 0.2 to 0.1. Enough: a share of all, and the rest is trained on.
    [(0.15, 0.1, 0.05), (0.3, 0.2, 0.1), (0.5, 0.2, 0.1)],
)
def test_blind_articles_are_divided_by_the_shares_of_the_desk(
    blind_share: float, test: float, validation: float
) -> None:
    articles = [Article(f"{i}", f"w{i} x{i} y{i} z{i} more{i}") for i in range(4000)]
    blind = {a.id: is_blind(a.id, blind_share, 13) for a in articles}
    found = assign_splits(articles, blind, {}, SplitSettings(), blind_share).splits
    shares = {split: n / len(articles) for split, n in Counter(found.values()).items()}
    assert shares["test"] == pytest.approx(test, abs=0.02)
    assert shares["validation"] == pytest.approx(validation, abs=0.015)
    trained = [i for i, split in found.items() if split == "train" and blind[i]]
    assert bool(trained) == (blind_share > 0.3)


def test_splits_that_a_desk_has_stay_as_they_are() -> None:
    """Also a validation split drawn from records with suggestions, as it was once."""
    articles = make_articles(40)
    twin = Article("twin", articles[0].text + " today")
    known: dict[str, Split] = {
        a.id: "validation" if n < 8 else "train" for n, a in enumerate(articles)
    }
    found = assign_splits([*articles, twin], {"twin": False}, known, SplitSettings(), 0.1)
    assert {i: found.splits[i] for i in known} == known
    # But nothing joins it that was shown with suggestions.
    assert found.quarantined == ("twin",)
    blind = assign_splits([*articles, twin], {"twin": True}, known, SplitSettings(), 0.1)
    assert blind.splits["twin"] == "validation"


def test_a_test_split_waits_for_blind_articles() -> None:
    articles = make_articles(100)
    seen = dict.fromkeys([a.id for a in articles], False)
    first = assign_splits(articles, seen, {}, SplitSettings(), 0.1)
    assert set(first.splits.values()) == {"train"}
    by_hash = assign_splits(articles, seen, {}, SplitSettings(), 0)
    assert set(by_hash.splits.values()) == {"train", "validation", "test"}


def test_near_duplicates_are_those_that_comparing_all_finds() -> None:
    dice = random.Random(5)
    articles = make_articles(120)
    for i in range(120):
        cut = dice.randrange(1, 16)
        words = [*articles[i].text.split()[cut:], *(f"new{i}-{n}" for n in range(cut))]
        articles.append(Article(f"copy-{i}", " ".join(words)))
    sets = {a.id: shingles(a.text) for a in articles}
    for threshold in (0.3, 0.5, 0.8):
        every = {
            frozenset((a.id, b.id))
            for a, b in itertools.combinations(articles, 2)
            if jaccard(sets[a.id], sets[b.id]) >= threshold
        }
        assert len(every) > 10
        assert set(map(frozenset, near_duplicates(articles, threshold))) == every


def test_text_without_spaces_has_shingles_too() -> None:
    one = "東京で地震があり多くの人が避難した"
    (pair,) = near_duplicates([Article("a", one), Article("b", one + "。昨夜")])
    assert set(pair) == {"a", "b"}


def test_answers_with_labels_the_desk_has_no_more() -> None:
    articles = {a.id: a for a in make_articles(1)}
    entries = [LedgerEntry(answer("x", "World", article="0000"), "g", True)]
    with pytest.raises(DeskError, match=r"no longer has: \['World'\]"):
        build_gold(desk(**{"labels.topics": {"Sports": "s", "Other": "o"}}), articles, entries, {})


def test_gold_knows_simulated_answers_and_the_guidelines_read() -> None:
    articles = {a.id: a for a in make_articles(1)}
    entries = [
        LedgerEntry(answer("x", article="0000", minutes=5), "new", True),
        LedgerEntry(answer("y", article="0000"), "old", True),
    ]
    gold = build_gold(desk(), articles, entries, {}, {("0000", "y"), ("0000", "z")})
    assert (gold.answers, gold.simulated) == (2, 1)
    assert gold.guidelines == ("old", "new")


def test_withdrawn_articles_and_simulated_answers_in_the_ledger(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path), "desk")
    gone, kept = entry(answer("x", article="gone")), entry(answer("x", article="kept"))
    ledger.append_entries([gone, kept])
    assert ledger.withdrawn() == set()
    ledger.append_entries([gone.buried()])
    assert ledger.withdrawn() == {"gone"}
    ledger.append_simulated([gone.key, kept.key])
    ledger.append_simulated([kept.key])
    assert ledger.simulated() == {gone.key, kept.key}


def test_a_state_whose_scheme_is_not_installed() -> None:
    with pytest.raises(DeskError, match=r"'nowhere://bucket' cannot be opened"):
        Ledger("nowhere://bucket", "desk")


def test_an_article_between_two_splits_is_left_out() -> None:
    words = [f"w{i}" for i in range(60)]
    left, right = Article("l", " ".join(words[:40])), Article("r", " ".join(words[20:]))
    bridge = Article("b", " ".join(words))
    known = {"l": "train", "r": "test"}
    found = assign_splits([left, right, bridge], {"b": True}, known, SplitSettings(), 0.1)
    assert found.quarantined == ("b",)
    assert found.splits == known


def test_gold_counts_acceptance_and_waits_for_enough_answers() -> None:
    articles = {a.id: a for a in make_articles(4)}
    shown: Any = {"suggested_topic": "World", "suggested_topic_score": 0.9, "topic_agent": "m:1"}
    entries = [
        LedgerEntry(answer("x", "World", article="0000"), "g", False, **shown),
        LedgerEntry(answer("y", "Sports", article="0000"), "g", False, **shown),
        LedgerEntry(answer("x", "World", article="0001"), "g", True),
    ]
    gold = build_gold(desk(**{"review.min_submitted": 2}), articles, entries, {})
    assert gold.waiting == 1
    assert gold.unresolved == 1
    assert (gold.acceptance.topics_shown, gold.acceptance.topics_accepted) == (2, 1)
    assert gold.agents == ("m:1",)
    assert gold.acceptance.spans_shown == 0
    everyone = build_gold(desk(), articles, entries, {})
    assert [r.blind for r in everyone.reviewed] == [False, True]
    assert [r.split for r in everyone.reviewed] == ["train", "validation"]


def test_acceptance_counts_spans_one_by_one() -> None:
    bo = Span(8, 10, "person")
    shown = (ScoredSpan(0, 3, "person", 0.9), ScoredSpan(8, 10, "event", 0.4))
    answers = [answer("x", "World", (ADA, bo)), answer("y", "World", ())]
    found = measure_acceptance([LedgerEntry(a, "g", False, suggested_spans=shown) for a in answers])
    assert (found.spans_shown, found.spans_accepted) == (4, 1)
    assert found.topics_shown == 0


def test_simulated_reviewers_are_seeded_and_err_as_often_as_told() -> None:
    topics = ["World", "Sports", "Business"]
    articles = [
        Article(str(i), "Ada met Bo", topic="World", spans=(ADA, Span(8, 10, "person")))
        for i in range(2000)
    ]
    reviewer = SimulatedReviewer("x", topic_noise=0.1, span_noise=0.2, seed=7)
    answers = [reviewer.answer(a, topics, ["person", "event"]) for a in articles]
    assert answers == [reviewer.answer(a, topics, ["person", "event"]) for a in articles]
    wrong = sum(a.topic != "World" for a in answers) / len(answers)
    kept = sum(ADA in (a.spans or ()) for a in answers) / len(answers)
    assert wrong == pytest.approx(0.1, abs=0.03)
    assert kept == pytest.approx(0.8, abs=0.04)
    require_labels(articles, topics=True, spans=True)
    with pytest.raises(DeskError, match=r"'no label'.* has no spans"):
        require_labels([Article("1", "no label", topic="World")], topics=True, spans=True)
    with pytest.raises(DeskError, match="no topic"):
        reviewer.answer(Article("1", "x"), topics, [])
