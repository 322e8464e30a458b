"""The report finds what was put into made-up reviews."""

import random

import numpy as np
import pytest

from benchmarks.reported_review import NEW, OLD, TEAM, Asked, Person, make_reported
from corpus.articles import Article, Span
from corpus.desk import Desk, read_desk
from corpus.report.measure import AnnotatorReport, measure_report
from corpus.report.shares import compare_shares, count_given
from corpus.sources.read import read_articles


@pytest.fixture(scope="module")
def desk() -> Desk:
    return read_desk("desk.yaml")


@pytest.fixture(scope="module")
def report(desk: Desk) -> AnnotatorReport:
    articles = read_articles(desk.source, desk.labels).articles
    asked = Asked(articles, list(desk.labels.topics), list(desk.labels.entities))
    return measure_report(desk, make_reported(asked, records=500))


def test_counts_add_up(report: AnnotatorReport) -> None:
    progress, discards = report.progress, report.discards
    assert progress.answers + discards.discarded == 3 * 448
    assert progress.answered == progress.complete + progress.waiting
    assert progress.complete == progress.reviewed + progress.ties
    assert sum(day.answers for day in progress.days) == progress.answers
    assert sum(day.completed for day in progress.days) == progress.complete
    for parts in (discards.by_annotator, discards.by_source, discards.by_length):
        assert sum(part.discarded for part in parts) == discards.discarded
        assert sum(part.handled for part in parts) == 3 * 448
    assert report.topics is not None and report.spans is not None
    assert sum(map(sum, report.topics.counts)) == 2 * report.topics.pairs
    assert sum(map(sum, report.spans.counts)) == report.spans.marks
    assert sum(r.answers for r in report.drift.revisions) == progress.answers


def test_pace_and_discards_are_those_put_in(report: AnnotatorReport) -> None:
    for person, speed in zip(TEAM, report.speed.annotators, strict=True):
        assert speed.annotator == person.name
        assert speed.median_seconds is not None
        assert speed.median_seconds.low * 0.97 < person.seconds < speed.median_seconds.high * 1.03
    assert all(share.share is not None for share in report.discards.by_length)
    short, long = (s.share for s in report.discards.by_length)
    assert short is not None and long is not None and short.value < long.value


def test_better_guidelines_are_told_and_noise_orders_people(report: AnnotatorReport) -> None:
    assert [r.revision for r in report.drift.revisions] == [OLD, NEW]
    (change,) = report.drift.changes
    topics, spans, marks = change.agreement
    assert (topics.verdict, spans.verdict, marks.verdict) == ("higher", "higher", "not told")
    assert [d.verdict for d in change.topics] == ["not told"] * 4
    assert report.agreement.spans is not None
    f1 = [part.values["f1_exact"].value for part in report.agreement.spans.annotators]
    assert f1 == sorted(f1, reverse=True)


def test_the_agreement_of_known_noise_is_covered() -> None:
    """Two with noise 0.2 among 4 topics agree in 0.8² + 3 (0.2/3)² of the articles."""
    topics, noise = ["a", "b", "c", "d"], 0.2
    expected = (1 - noise) ** 2 + 3 * (noise / 3) ** 2
    labels = dict.fromkeys(topics, "a topic")
    knobs = {"labels.topics": labels, "source.topic_values": {}}
    desk = read_desk("desks/ag_news.yaml", knobs)
    covered = []
    for seed in range(10):
        dice = random.Random(seed)
        articles = [
            Article(f"{seed}-{n:03d}", "x", topic=dice.choice(topics), spans=()) for n in range(150)
        ]
        people = [Person(f"p{n}", (noise, noise), 20) for n in range(2)]
        # Suggestions would pull both to the same topic.
        asked = Asked(articles, topics, [], seed=seed, pull=0)
        found = make_reported(asked, people)
        agreement = measure_report(desk, found).agreement.topics
        assert agreement is not None
        percent = agreement.overall.values["percent"]
        covered.append(percent.low <= expected <= percent.high)
    assert sum(covered) >= 9


def test_differences_that_are_none_are_seldom_told() -> None:
    """Six labels of the same shares before and after: told in about one review of twenty."""
    generator = np.random.default_rng(1)
    labels = list("abcdef")
    told = 0
    for _ in range(100):
        given = [
            (f"{side}{n}", labels[generator.choice(6, p=[0.5, 0.2, 0.1, 0.1, 0.08, 0.02])])
            for side in "xy"
            for n in range(120)
        ]
        articles = {article for article, _ in given}
        before, after = (
            count_given(articles, [pair for pair in given if pair[0][0] == side], labels)
            for side in "xy"
        )
        verdicts = [d.verdict for d in compare_shares(before, after, 1)]
        told += set(verdicts) != {"not told"}
    assert told <= 11


def test_a_share_that_moved_is_told() -> None:
    given = [(f"x{n}", "a" if n % 2 else "b") for n in range(200)]
    given += [(f"y{n}", "a" if n % 4 else "b") for n in range(200)]
    articles = {article for article, _ in given}
    before, after = (
        count_given(articles, [pair for pair in given if pair[0][0] == side], ["a", "b", "c"])
        for side in "xy"
    )
    assert [d.verdict for d in compare_shares(before, after, 1)] == ["higher", "lower", "not told"]


def test_spans_that_were_cut_are_boundaries() -> None:
    desk = read_desk("desk.yaml")
    spans = (Span(0, 7, "person"),)
    articles = [Article(f"{n:03d}", "Ada Obi", topic="World", spans=spans) for n in range(200)]
    people = [Person("p0", (0, 0), 20), Person("p1", (0.4, 0.4), 20)]
    asked = Asked(articles, list(desk.labels.topics), list(desk.labels.entities))
    found = measure_report(desk, make_reported(asked, people)).spans
    assert found is not None
    person = found.types[0]
    assert person.boundaries > 30
