"""What a publish keeps of the card that is there."""

import logging
import time
from typing import Any

import pytest
import yaml
from huggingface_hub import DatasetCard

from publishing.earlier_card import KEPT, NOTES_END, NOTES_START, kept_notes, ours
from publishing.earlier_metadata import merged_front_matter
from publishing.front_matter import OWNED
from publishing.manifest_parts import DatasetChanges, Guidelines
from publishing.render import PLACEHOLDER, render_model_card
from tests.publishing.manifests import REPO, dataset_manifest, model_manifest
from tests.publishing.readable import body_of, data_card

OTHERS = ours("# {{ x }}", "# Title\n\n## Uses\n")


def test_what_people_wrote_survives() -> None:
    manifest = dataset_manifest()
    first = data_card(manifest)
    edited = first.replace(NOTES_START, f"{NOTES_START}\nAsk Ada on floor 7.", 1)
    edited = edited.replace("## Uses", "## House rules\n\nNo names of minors.\n\n## Uses")
    edited = edited.replace("```bibtex", "```bibtex\n## not a heading")
    edited = edited.replace("language: en\n", "language: en\nextra_gated_prompt: Ask first\n")
    edited = edited.replace("tags:\n", "tags:\n- harbour\n")
    again = data_card(manifest, previous=edited)
    assert "Ask Ada on floor 7." in again
    assert "## House rules\n\nNo names of minors." in again
    assert again.index("## House rules") > again.index(NOTES_START)
    assert again.count(NOTES_START) == again.count(NOTES_END) == again.count("## Uses") == 1
    data = DatasetCard(again).data.to_dict()
    assert data["extra_gated_prompt"] == "Ask first"
    assert data["tags"] == ["news", "argilla", "copydesk", "harbour"]
    assert data_card(manifest, previous=again) == again


def test_a_card_of_somebody_else_becomes_the_notes() -> None:
    theirs = "---\nlicense: mit\nwidget: [a]\nconfigs:\n- config_name: sft\n---\n# On the Hub\n"
    card = data_card(dataset_manifest(), previous=theirs)
    assert "# On the Hub" in card
    data = DatasetCard(card).data.to_dict()
    assert (data["license"], data["widget"]) == ("cc0-1.0", ["a"])
    assert [config["config_name"] for config in data["configs"]][-1] == "sft"
    broken = data_card(dataset_manifest(), previous="---\n: [\n---\n# Theirs\n")
    assert "# Theirs" in broken


def notes_of(card: str) -> str:
    return card.rpartition(NOTES_START)[2].partition(NOTES_END)[0].strip()


def require_settled(card: str) -> None:
    """The next publish changes nothing: neither grows nor shrinks the card."""
    assert data_card(dataset_manifest(), previous=card) == card


MINE = "No names of minors."


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("## Uses", "# House policy\n\nNo names of minors.\n\n"),
        ("## Uses", "### Caveat\n\nNo names of minors.\n\n"),
        ("## Uses", "House rules\n===========\n\nNo names of minors.\n\n"),
        ("## Uses", "House rules\n---\n\nNo names of minors.\n\n"),
        ("## Uses", "## Mine ##\n\n```\n## Limits\n```\nNo names of minors.\n\n"),
        ("## Uses", "## Changes\n\nNo names of minors.\n\n"),
        ("## Uses", f"{NOTES_START}\nNo names of minors.\n{NOTES_END}\n\n"),
        ("## Uses", f"{NOTES_START}\nNo names of minors.\n\n"),
        ("# Harbour", "No names of minors.\n\n"),
        ("# Harbour", "# House policy\n\nNo names of minors.\n\n"),
        (KEPT, "## Mine\n\nNo names of minors.\n\n"),
        (NOTES_START, "No names of minors.\n\n"),
    ],
)
def test_words_of_people_stay_wherever_they_stand(before: str, words: str) -> None:
    first = data_card(dataset_manifest())
    assert f"\n{before}" in first
    again = data_card(
        dataset_manifest(), previous=first.replace(f"\n{before}", f"\n{words}{before}")
    )
    kept = words.replace(NOTES_START, "").replace(NOTES_END, "").strip()
    assert notes_of(again) == kept
    assert again.count(MINE) == again.count(KEPT) == again.count(NOTES_START) == 1
    assert body_of(again).partition(KEPT)[0] == body_of(first).partition(KEPT)[0]
    require_settled(again)


@pytest.mark.parametrize("mark", ["", NOTES_END])
def test_words_below_the_last_note_stay_also_without_its_end_mark(mark: str) -> None:
    first = data_card(dataset_manifest()).rstrip().removesuffix(NOTES_END)
    again = data_card(dataset_manifest(), previous=f"{first}Ask Ada.\n{mark}\n\nThanks.\n")
    assert [line for line in notes_of(again).splitlines() if line] == ["Ask Ada.", "Thanks."]
    require_settled(again)


def test_our_own_sections_do_not_come_back_as_notes() -> None:
    changes = DatasetChanges(since="v1", added=4, removed=3, relabelled=2, moved=0)
    first = data_card(dataset_manifest(changes=changes, pretty_name="Quay News"))
    again = data_card(dataset_manifest(), previous=first)
    assert notes_of(again) == ""
    assert again == data_card(dataset_manifest())
    scored = render_model_card(model_manifest(), REPO)
    plain = model_manifest(scored=False)
    assert render_model_card(plain, REPO, scored) == render_model_card(plain, REPO)


@pytest.mark.parametrize("text", [NOTES_START, NOTES_END, KEPT, f"{NOTES_START}\na\n{NOTES_END}"])
def test_marks_inside_guidelines_are_no_marks(text: str) -> None:
    manifest = dataset_manifest(
        guidelines=[Guidelines(revision="0a", text=f"Read.\n{text}\nLabel.")], pretty_name=text
    )
    card = data_card(manifest)
    assert body_of(card).count(NOTES_START) == 1
    above, _, below = card.rpartition(NOTES_START)
    edited = f"{above}{NOTES_START}\nAsk Ada.{below}"
    for _ in range(3):
        edited = data_card(manifest, previous=edited)
    assert notes_of(edited) == "Ask Ada."
    assert len(edited) == len(card) + len("Ask Ada.")


def test_a_hostile_card_takes_no_longer_than_a_long_one() -> None:
    lines = [NOTES_START, "# " + " #" * 50_000, "```x", "a\n---", "\t" * 9999, f"{NOTES_START}x"]
    for line in lines:
        card = f"{KEPT}\n" + f"{line}\n" * (400_000 // len(line))
        start = time.process_time()
        kept_notes(card, OTHERS)
        merged_front_matter({}, "---\n" + card, OWNED)
        assert time.process_time() - start < 3, line[:40]


def test_a_placeholder_in_the_notes_is_told_and_stays(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "publishing.render"):
        card = data_card(dataset_manifest(), previous=f"# Theirs\n\n{PLACEHOLDER}\n")
    assert PLACEHOLDER in notes_of(card)
    assert "people's notes" in caplog.text


def front_of(card: str) -> str:
    return card.split("---\n")[1]


@pytest.mark.parametrize("front", [": [", "a: 1\n  b: 2", "x: " + "[" * 5000, "- a"])
def test_front_matter_that_is_none_is_replaced(
    front: str, caplog: pytest.LogCaptureFixture
) -> None:
    card = data_card(dataset_manifest(), previous=f"---\n{front}\n---\n# Theirs\n")
    assert card == data_card(dataset_manifest(), previous="# Theirs\n")
    assert "was replaced" in caplog.text


@pytest.mark.parametrize(
    "lines",
    [
        "price: 1.10", "start: 12:30", "code: 007", "switch: on  # not off", "size: 0x1F",
        "# Ask Ada first.\n# She knows.\nextra_gated_prompt: |\n  # Rules\n  Be kind.",
        "widget:\n- text: 'Ada'\n  example_title:   One  # the best", "when: 2026-02-03T04:05:06Z",
        "'quoted': \"a\\tb\"", "shared: {a: &x [1, 2], b: *x}", "empty:",
    ],
)  # fmt: skip
def test_keys_of_others_stay_as_they_are_written(lines: str) -> None:
    theirs = f"---\nlicense: mit\n{lines}\nlanguage: fr\n---\n# Theirs\n"
    card = data_card(dataset_manifest(), previous=theirs)
    assert f"\n{lines}\n" in front_of(card)
    DatasetCard(card)
    require_settled(card)
    last = data_card(dataset_manifest(), previous=theirs.replace("language: fr\n", ""))
    assert front_of(last) == front_of(card)


@pytest.mark.parametrize(
    ("lines", "key", "value", "told"),
    [
        ("created: 2026-02-30", "created", "2026-02-30", "stays as text"),
        ("x: !!int ''", "x", "", "stays as text"),
        ("x: !mine word", "x", "word", "stays as text"),
        ("x: 0x" + "f" * 9000, "x", "0x" + "f" * 9000, "stays as text"),
        ("no: thanks", "no", "thanks", None),
        ("12: months", "12", "months", None),
        ("license: &l mit\nalso: *l", "also", "mit", None),
        ("a: &a {b: 1}\nc: {<<: *a}", "c", None, "c of the last card's metadata was left out"),
        ("x: !mine [1]", "x", None, "x of the last card's metadata was left out"),
        ("? [a]\n: b", "a", None, "is no text"),
    ],
)
def test_keys_that_readers_would_stumble_over(
    lines: str, key: str, value: str | None, told: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = f"---\n{lines}\nharbour: yes\n---\n# Theirs\n"
    card = data_card(dataset_manifest(), previous=theirs)
    found = DatasetCard(card).data.to_dict()
    assert (found.get(key), found["harbour"]) == (value, True)
    assert (told or "") in caplog.text
    assert bool(caplog.text) is bool(told)
    require_settled(card)


def test_only_texts_are_tags() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}]\n"
        for old, new in zip("abcdefghijklmnopqrstuvw", "bcdefghijklmnopqrstuvwx", strict=True)
    )
    merged = merged_front_matter(
        {"tags": ["news"]}, f"---\n{bomb}tags: [*x, 3, harbour]\n---\n", OWNED
    )
    assert yaml.safe_load(merged)["tags"] == ["news", "harbour"]


def test_our_old_configurations_do_not_come_back() -> None:
    old = data_card(dataset_manifest()).replace("config_name: responses", "config_name: chats")
    own: dict[str, Any] = {
        "configs": [{"config_name": "default"}],
        "dataset_info": {"features": []},
    }
    merged = merged_front_matter(own, old, OWNED)
    for key in ("configs", "dataset_info"):
        parts = yaml.safe_load(merged)[key]
        assert [part.get("config_name") for part in parts][1:] == ["chats"], key
