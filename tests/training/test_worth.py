"""Synthetic curves of a known law are recovered; what cannot be told is not told."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from scipy.optimize import curve_fit
from scipy.stats import norm

from corpus.articles import Span, Split
from training.examples import EntityExample, TopicExample
from training.worth.forecast import error_curves
from training.worth.kept import encoded_once
from training.worth.measure import entity_curve, topic_curve
from training.worth.measured import GOLD, HITS, PREDICTED, Measured, from_rows, part_sizes, to_rows
from training.worth.picture import draw_worth
from training.worth.power_law import fit_power_laws
from training.worth.report import statement, worth
from training.worth.topics import measure_topics

FLOOR, SCALE, EXPONENT = 0.08, 1.1, 0.6


def synthetic(
    examples: int,
    held_out: int = 400,
    seed: int = 0,
    floor: float = FLOOR,
    scale: float = SCALE,
    exponent: float = EXPONENT,
    share: float = 0.3,
) -> Measured:
    """Two labels; each run errs on an article with the probability that the law gives.

    An article is as hard in every run: what makes points of one curve go together.
    """
    draw = np.random.default_rng(seed)
    sizes = part_sizes(examples)
    counts = np.zeros((len(sizes), 6, held_out, 2, 3), dtype=np.int32)
    gold = (draw.random(held_out) < share).astype(int)
    hard = draw.normal(size=held_out)
    for s, size in enumerate(sizes):
        for r in range(6):
            error = floor + scale * size**-exponent
            luck = 0.9 * hard + (1 - 0.9**2) ** 0.5 * draw.normal(size=held_out)
            wrong = luck < norm.ppf(error)
            said = np.where(wrong, 1 - gold, gold)
            counts[s, r, np.arange(held_out), gold, GOLD] = 1
            counts[s, r, np.arange(held_out), said, PREDICTED] = 1
            counts[s, r, np.arange(held_out)[~wrong], gold[~wrong], HITS] = 1
    counts[-1] = counts[-1, :1]
    support = {"World": examples - round(share * examples), "Sports": round(share * examples)}
    return Measured(
        tuple(f"a{i:04}" for i in range(held_out)), ("World", "Sports"), sizes, support, counts
    )


@pytest.mark.parametrize(("floor", "scale", "exponent"), [(0.05, 0.9, 0.4), (0.2, 2.0, 0.9)])
def test_a_law_without_noise_is_found_again(floor: float, scale: float, exponent: float) -> None:
    sizes = np.array([25, 50, 100, 200, 400, 800])
    errors = floor + scale * sizes[None, :] ** -exponent
    laws = fit_power_laws(sizes, errors, np.full(len(sizes), 1e-4))
    assert laws.errors([3200])[0, 0] == pytest.approx(floor + scale * 3200**-exponent, abs=0.004)
    assert laws.exponents[0] == pytest.approx(exponent, rel=0.06)


def test_the_fit_is_that_of_scipy_where_the_points_are_clear() -> None:
    draw = np.random.default_rng(3)
    sizes = np.array([20, 40, 80, 160, 320, 640, 1280])
    errors = 0.1 + 1.5 * sizes**-0.5 + draw.normal(0, 0.0005, size=len(sizes))
    found = fit_power_laws(sizes, errors[None], np.full(len(sizes), 0.0005))
    (a, b, c), _ = curve_fit(
        lambda n, a, b, c: a + b * n**-c, sizes, errors, p0=(0.1, 1, 0.5), bounds=(0, [1, 9, 2])
    )
    assert found.errors([2560])[0, 0] == pytest.approx(a + b * 2560**-c, abs=0.002)


def test_no_law_rises_and_none_goes_below_nought() -> None:
    sizes = np.array([10, 20, 40, 80])
    rising = np.array([[0.2, 0.25, 0.3, 0.35], [0.4, 0.2, 0.1, 0.05]])
    laws = fit_power_laws(sizes, rising, np.full(4, 0.01))
    predicted = laws.errors([160, 10_000])
    assert predicted[0, 0] == pytest.approx(predicted[0, 1])
    assert (predicted >= 0).all()
    with pytest.raises(ValueError, match="three sizes"):
        fit_power_laws([10, 20], rising[:, :2], np.full(2, 0.01))


def test_intervals_hold_what_four_times_the_labels_give() -> None:
    held = 0
    for seed in range(20):
        known = synthetic(250, seed=seed)
        later = synthetic(1000, seed=seed).counts[-1, 0].sum(axis=1)
        true = later[:, HITS].mean()
        found = error_curves(known, seed).score_at(1000, seed)
        held += found.low <= true <= found.high
        assert found.high - found.low < 0.15
    assert held >= 16


def test_the_statement_says_points_or_that_it_cannot_tell() -> None:
    told = worth(synthetic(400, held_out=900), "a stand-in", seed=1)
    assert told.gain is not None
    true = SCALE * (400**-EXPONENT - 500**-EXPONENT)
    assert told.gain.low <= true <= told.gain.high
    assert f"about +{100 * told.gain.value:.1f} points of accuracy" in statement(told, "accuracy")
    few = worth(synthetic(400, held_out=20), "a stand-in", seed=1)
    assert few.gain is None
    assert "cannot be told: 20 held-out articles are too few" in statement(few, "accuracy")
    start = worth(synthetic(32), "a stand-in", seed=1)
    assert start.gain is None
    assert "32 examples are too few" in start.reason


def test_the_label_that_learns_is_named_first() -> None:
    measured = synthetic(400, held_out=900, share=0.1)
    found = worth(measured, "a stand-in", seed=1)
    assert next(iter(found.labels)) == "Sports"
    assert found.labels["Sports"].support == 40
    assert found.labels["World"].advice == "enough for now"
    rare = worth(synthetic(400, held_out=60, share=0.02), "a stand-in", seed=1)
    assert rare.labels["Sports"].advice == "cannot tell"
    assert rare.labels["Sports"].gain is None


def test_rows_hold_all_that_the_figures_are_made_of(tmp_path: Path) -> None:
    measured = synthetic(100, held_out=50)
    rows = json.loads(json.dumps(to_rows(measured)))
    again = from_rows(rows, measured.support)
    assert again.sizes == measured.sizes
    assert (again.counts == measured.counts).all()
    assert worth(again, "m", 5) == worth(measured, "m", 5)
    draw_worth(error_curves(measured, 5), "a $title", "accuracy", tmp_path / "worth.png")
    assert (tmp_path / "worth.png").stat().st_size > 10_000


def test_parts_begin_at_four_examples() -> None:
    assert part_sizes(8) == (4, 6, 8)
    assert part_sizes(256) == (32, 48, 64, 96, 128, 192, 256)


def test_entities_are_measured_by_exact_spans() -> None:
    people = ["Ada Okafor", "Bjarni Eld", "Celia Prager", "Dov Marsh", "Efua Dankwa"]
    examples = []
    for i in range(60):
        name = people[i % 5]
        text = f"On day {i} the mayor said that {name} had left."
        start = text.index(name)
        split = "test" if i % 3 == 0 else "train"
        examples.append(EntityExample(f"e{i:02}", text, (Span(start, start + len(name), "person"),), split))  # fmt: skip  # noqa: E501
    found = entity_curve(examples, ["person", "event"], "offline", 64, seed=1)
    assert found.support == {"person": 40, "event": 0}
    assert found.counts[0, 0, :, :, GOLD].sum() == 20
    assert found.counts[-1, 0, :, 0, HITS].sum() >= 18
    assert (found.counts[..., HITS] <= found.counts[..., PREDICTED]).all()
    assert found.counts[..., 1, GOLD].sum() == 0


def test_what_was_encoded_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPYDESK_HOME", str(tmp_path))
    asked: list[int] = []

    def encode(positions: Sequence[int]) -> dict[int, np.ndarray]:
        asked.extend(positions)
        return {i: np.full((1 + i, 3), i, dtype=np.float16) for i in positions}

    first = encoded_once("test", "offline", "float16", [b"a", b"bb", b"a"], encode)
    assert asked == [0, 1]
    assert [len(matrix) for matrix in first] == [1, 2, 1]
    again = encoded_once("test", "offline", "float16", [b"bb", b"c"], encode)
    assert asked == [0, 1, 1]
    assert (again[0] == first[1]).all()
    encoded_once("another", "offline", "float16", [b"bb"], encode)
    assert asked == [0, 1, 1, 0]
    monkeypatch.setenv("COPYDESK_EMBEDDINGS_GB", "0")
    encoded_once("test", "offline", "float16", [b"bb"], encode)
    assert asked == [0, 1, 1, 0, 0]


def test_several_topics_an_article_are_measured() -> None:
    words = {"Sports": "The striker scored in the cup final", "Business": "The bank's shares fell"}
    examples = []
    for i in range(48):
        topics = (("Sports",), ("Business",), ("Sports", "Business"))[i % 3]
        text = f"{i}. " + ". ".join(words[t] for t in topics)
        split = "validation" if i % 4 == 0 else "train"
        examples.append(TopicExample(f"t{i:02}", text, topics, split))
    found = topic_curve(examples, ["Sports", "Business", "World"], "offline", 64, seed=1)
    assert found.counts[0, 0, :, :, GOLD].sum() == 16
    assert found.counts[-1, 0, :, :, HITS].sum() == 16
    assert found.support == {"Sports": 24, "Business": 24, "World": 0}
    rows = sorted(to_rows(found), key=lambda row: str(row["id"]))
    assert worth(from_rows(rows, found.support), "m", 5) == worth(found, "m", 5)


def test_the_only_topic_with_examples_is_not_said_of_articles_that_fit_none() -> None:
    draw = np.random.default_rng(0)
    held_out = 20
    examples, vectors = [], []
    for i in range(60):
        fits = i % 2 == 0
        split: Split = "validation" if i < held_out else "train"
        examples.append(TopicExample(f"t{i:02}", "", ("Sports",) if fits else (), split))
        vectors.append(draw.normal(0, 0.1, 4) + ([1, 0, 0, 0] if fits else [0, 1, 0, 0]))
    parts = (np.array(vectors[held_out:]), np.array(vectors[:held_out]))
    train, asked = examples[held_out:], examples[:held_out]
    found = measure_topics(train, asked, ["Sports", "World"], parts, seed=1)
    assert found.sizes[-1] == len(train)
    of_all = found.counts[-1, 0, :, :, PREDICTED]
    assert of_all[:, 0].tolist() == [1, 0] * (held_out // 2)
    assert not of_all[:, 1].any()


def test_four_times_the_real_labels_are_inside(shared_data: Path) -> None:
    table = parquet.read_table(
        shared_data / "ag_news_small.parquet", columns=["id", "text_clean", "topic", "split"]
    ).to_pylist()
    topics = sorted({r["topic"] for r in table})
    chosen = {
        split: [
            TopicExample(r["id"], r["text_clean"], (r["topic"],), split)
            for r in random.Random(1).sample([r for r in table if r["split"] == split], n)
        ]
        for split, n in (("train", 240), ("test", 150))
    }
    first = topic_curve([*chosen["train"][:60], *chosen["test"]], topics, "offline", 64, seed=1)
    all_four = topic_curve([*chosen["train"], *chosen["test"]], topics, "offline", 64, seed=1)
    true = all_four.counts[-1, 0, :, :, HITS].sum() / 150
    assert true > 0.7
    found = error_curves(first, 1).score_at(240, 1)
    assert found.low <= true <= found.high
    assert found.high - found.low < 0.4
