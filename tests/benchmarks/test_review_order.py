"""The benchmark of the orders of review: what it says of made-up curves and reviews."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.review_order.needed import answers_needed, compare
from benchmarks.review_order.picture import draw_orders
from benchmarks.review_order.simulate import Corpus, Learned, Order, Run, review
from benchmarks.review_order.table import order_table
from corpus.articles import Article
from corpus.settings.order import STRATEGIES
from corpus.simulation import SimulatedAnswer

AT = np.array([10, 20, 30])


def run(right: Sequence[int], articles: int = 400) -> Run:
    """So many of the articles right after each step."""
    counts = np.ones((len(right), articles, 3), dtype=int)
    for step, n in enumerate(right):
        counts[step, n:, 0] = 0
    return Run(counts, np.arange(1, len(right) + 1) * 50, 0.0)


def test_answers_needed_lie_between_two_steps_or_nowhere() -> None:
    curves = np.array([[0.2, 0.4, 0.6], [0.2, 0.4, 0.6], [0.2, 0.4, 0.6], [0.5, 0.4, 0.6]])
    found = answers_needed(curves, np.array([0.5, 0.1, 0.7, 0.45]), AT)
    assert found == pytest.approx([25, 5, np.inf, 9])


def test_an_order_is_compared_with_random_on_the_same_articles() -> None:
    runs = {"random": [run([100, 200, 300])] * 5, "better": [run([200, 300, 350])] * 5}
    random_row, better = compare(runs, AT, [20])
    assert random_row["needed"] == {"value": 20, "low": 20, "high": 20}
    assert random_row["better"]["value"] == 0
    assert better["needed"]["value"] == pytest.approx(10)
    assert better["needed"]["low"] <= 10 <= better["needed"]["high"] < 20
    assert better["better"]["value"] == pytest.approx(0.25)
    assert better["words"] == 5
    worse = compare({"random": runs["better"], "worse": [run([1, 2, 3])] * 5}, AT, [20])[1]
    assert worse["needed"] == {"value": None, "low": None, "high": None}


def test_a_review_goes_down_the_queue_and_asks_nothing_twice() -> None:
    articles = {
        f"{n:02}": Article(f"{n:02}", "three plain words", topic="World") for n in range(40)
    }
    seen: list[list[str]] = []

    def learn(
        answers: Mapping[str, SimulatedAnswer], waiting: Sequence[str], formula: str, seed: int
    ) -> Learned:
        seen.append(list(answers))
        assert not set(answers) & set(waiting)
        return Learned(np.ones((3, 3)), {formula: {i: float(i) for i in waiting}})

    corpus = Corpus(
        name="made up",
        score="accuracy",
        articles=articles,
        labels=(["World", "Sports"], []),
        cluster=lambda ids, seed: dict.fromkeys(ids, 0),
        learn=learn,
        orders=(),
        pool=30,
        step=10,
    )
    found = review(corpus, Order("uncertainty", STRATEGIES["uncertainty"], "any"), 30, seed=3)
    assert [len(answers) for answers in seen] == [10, 20, 30]
    # Nothing is known at first; then the least sure, which here are the highest numbers.
    rest = sorted(set(seen[2]) - set(seen[0]))
    assert seen[1][10:] == rest[::-1][:10]
    assert found.counts.shape == (3, 3, 3)
    assert found.words.tolist() == [30, 60, 90]


def test_the_table_and_the_picture_say_what_was_measured(tmp_path: Path) -> None:
    runs = {"random": [run([100, 200, 300])] * 5, "mixed": [run([200, 300, 350])] * 5}
    found = {
        "corpus": "made up", "score": "accuracy", "pool": 30, "test": 400, "step": 10,
        "answers": AT.tolist(), "rows": compare(runs, AT, [20]), "cpu_seconds": {"random": 1.0},
        "curves": {"random": {key: [0.25, 0.5, 0.75] for key in ("value", "low", "high")}},
    }  # fmt: skip
    about = {"measured_at": "2031-05-01", "revision": "r", "changed_code": False, "cores": 2,
             "python": "3", "load_average": 1, "seeds": 5, "noise": 0.05, "most": 30}  # fmt: skip
    lines = "\n".join(order_table({**about, "corpora": [found]}))
    assert "answers to accuracy 0.500 (random's at 20)" in lines
    assert "| random | 20 [20, 20] | – | 5 |" in lines
    assert "| mixed | 10 [" in lines and "| +0.250 [" in lines
    never = {**found["rows"][1], "needed": {"value": None, "low": 25.0, "high": None}}
    lines = "\n".join(
        order_table({**about, "corpora": [{**found, "rows": [found["rows"][0], never]}]})
    )
    assert "| over 30 [25, over 30] |" in lines
    draw_orders([found], tmp_path / "order.png")
    assert (tmp_path / "order.png").read_bytes().startswith(b"\x89PNG")
