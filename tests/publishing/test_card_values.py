"""Values of a manifest that would break a card, and cards as pages on disk."""

import warnings
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import DatasetCard
from PIL import Image

from corpus.errors import DeskError
from publishing import figures
from publishing.local_card import card_html, write_card
from publishing.manifest import to_json
from publishing.manifest_parts import Guidelines
from publishing.parts import Part
from publishing.pictures import draw_confusion
from publishing.remote import Target
from publishing.render import card_figures, render_model_card
from tests.publishing.manifests import REPO, dataset_manifest, model_manifest
from tests.publishing.readable import body_of, data_card, labels_of, require_tables
from tests.publishing.reviews import TOPICS


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        (
            {"guidelines": [Guidelines(revision="0a", text="[More Information Needed]")]},
            "guidelines/0/text",
        ),
        ({"guidelines": [Guidelines(revision="0a", text=" TODO\n")]}, "guidelines/0/text"),
        ({"topics": labels_of({"Sports": "TBD", "World": "x"})}, "topics/Sports/definition"),
        ({"topics": labels_of({"Sports": " ", "World": "x"})}, "topics/Sports/definition"),
        ({"pretty_name": "FIXME"}, "pretty_name"),
    ],
)
def test_placeholders_stop_the_card(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(DeskError, match=f"for /{key} of its manifest, which is a placeholder"):
        data_card(dataset_manifest().model_copy(update=changes))


def test_a_model_needs_definitions_and_texts_may_speak_of_todo() -> None:
    with pytest.raises(DeskError, match="for /labels/World of its manifest"):
        render_model_card(model_manifest(labels=TOPICS | {"World": ""}), REPO)
    text = "Mark TODO lists as Sports, never as TBD."
    assert f"> {text}" in data_card(
        dataset_manifest(guidelines=[Guidelines(revision="0", text=text)])
    )


def test_signs_of_marks_in_names_show_no_key() -> None:
    name = "A\ue000b\ue001c|d\ue002/e"
    manifest = dataset_manifest().model_copy(
        update={"topics": labels_of({name: "x | y", "World": "x"})}
    )
    body = body_of(data_card(manifest))
    assert "| Abc\\|d/e | x \\| y |" in body
    assert "/topics" not in body
    require_tables(body)
    value = figures.keyed({"a|b": "x | y"})["a|b"]
    assert figures.shown_figures(figures.cell(value)) == [figures.Shown("/a|b", "x \\| y")]


def test_names_are_escaped_where_they_stand() -> None:
    manifest = dataset_manifest(pretty_name="R&D_{news}\n## 5 % of $1 \\ ~^#")
    card = data_card(manifest)
    assert "\n# R&D_{news} ## 5 % of $1 \\ ~^#\n" in card
    assert "\n## 5" not in body_of(card)
    title = (
        r"R\&D\_\{news\} \#\# 5 \% of \$1 \textbackslash{} \textasciitilde{}\textasciicircum{}\#"
    )
    assert f"= {{{title}}}," in card
    assert DatasetCard(card).data.pretty_name == manifest.pretty_name
    source = manifest.source.model_copy(update={"rows": {"a | b\n": 12}})
    body = body_of(data_card(dataset_manifest(source=source)))
    assert "| Articles from `a \\| b` | 12 |" in body
    require_tables(body)


def test_the_example_reads_the_first_split_with_rows() -> None:
    card = data_card(dataset_manifest(rows={"train": 0, "validation": 0, "test": 3}))
    assert 'row = dataset["test"][0]' in card
    assert 'dataset["test"].features["topic"]' in card
    assert 'row = dataset["train"][0]' in data_card(dataset_manifest())
    shown = card_figures(dataset_manifest(), REPO)
    assert figures.Shown("/rows/train#", "train") in shown


def test_a_page_shows_what_comments_and_rules_would_hide() -> None:
    card = data_card(dataset_manifest(), previous="# Theirs\n\n<!-- open\n\nStill read.\n")
    card = card.replace("\n---\n", "\nrule: 'a --- b ---'\nblock: |\n  ---\n---\n", 1)
    page = card_html(card, REPO)
    assert "Still read." in page
    assert "&lt;!-- open" in page
    assert "<dt>rule</dt><dd>a --- b ---</dd>" in page
    assert "kept by copydesk" not in page
    assert "written anew" not in page


def test_one_name_of_data_set_and_model_is_two_folders(tmp_path: Path) -> None:
    manifests = {"dataset": dataset_manifest(), "model": model_manifest()}
    made = tmp_path / "made"
    made.mkdir()
    pages = {}
    for kind, manifest in manifests.items():
        draw_confusion(["a"], [[1]], made / "confusion.png")
        (made / "confusion.png").chmod(0o600)
        texts = {
            "README.md": f"---\nlicense: mit\n---\n# {kind}\n",
            "manifest.json": to_json(manifest),
        }
        part = Part(Target(REPO, kind, False), made, lambda _, texts=texts: texts, kind)
        pages[kind] = write_card(part, tmp_path / "out")
        picture = pages[kind].with_name("confusion.png")
        # Of the home, where nobody else may read, only the content is taken.
        assert picture.stat().st_mode == pages[kind].stat().st_mode
        (made / "confusion.png").unlink()
        pages[kind].with_name("mine.png").write_bytes(b"x")
        write_card(part, tmp_path / "out")
        assert not picture.exists()
        assert pages[kind].with_name("mine.png").exists()
    assert pages["dataset"] == tmp_path / "out/datasets" / REPO / "index.html"
    assert pages["model"] == tmp_path / "out/models" / REPO / "index.html"
    assert "<h1>dataset</h1>" in pages["dataset"].read_text()


def test_any_label_can_be_drawn(tmp_path: Path) -> None:
    labels = ["$a_{b", "$x^$", "体育", "🎉"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_confusion(labels, [[1, 0, 0, 0]] * 4, tmp_path / "c.png")
    with Image.open(tmp_path / "c.png") as picture:
        assert min(picture.size) > 300
