"""The card of a tokenizer: every figure is one of what was counted, and it says what it is not."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from corpus.errors import DeskError
from publishing.figures import Shown
from publishing.manifest import TokenizerManifest, from_json, is_ours, listed_files, to_json
from publishing.parts import Part
from publishing.remote import NOTHING, Previous
from publishing.render import card_figures, render_tokenizer_card
from publishing.tokenizer import TokenizerFiles, tokenizer_part
from tests.publishing.readable import body_of, require_readable
from tests.publishing.reviews import desk
from training.tokenizer.make import TokenizerRecipe, make_tokenizer, read_report

REPO = "lantern/harbour-tokenizer"
LEARNED = [f"The Harbour Cup of 20{i} went to Zhirvan Quillon." for i in range(10, 60)]
WIRE = ("wire | north\n.csv", "Zhirvan Quillon won the Harbour Cup.")
BLOG = ("blog.csv", "🏑 What a cup 東京 had!")


def files(folder: Path, compared: list[tuple[str, str]], **changes: Any) -> TokenizerFiles:
    recipe = TokenizerRecipe("offline", 400, "harbour", "articles that were kept back")
    report = make_tokenizer(LEARNED, compared, recipe, folder)
    facts: dict[str, Any] = {
        "folder": folder, "key": "00ff00ff00ff00ff", "report": asdict(report),
        "base_license": "apache-2.0", "dataset": "lantern/harbour-news",
    }  # fmt: skip
    return TokenizerFiles(**facts | changes)


def part_of(folder: Path, compared: list[tuple[str, str]], **changes: Any) -> Part:
    (folder / "made").mkdir()
    return tokenizer_part(
        desk(), REPO, files(folder / "made", compared, **changes), folder / "part"
    )


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Part:
    return part_of(tmp_path_factory.mktemp("tokenizer"), [WIRE, WIRE, BLOG])


@pytest.fixture(scope="module")
def texts(part: Part) -> dict[str, str]:
    return dict(part.complete(NOTHING))


@pytest.fixture(scope="module")
def manifest(texts: dict[str, str]) -> TokenizerManifest:
    found = from_json(texts["manifest.json"])
    assert isinstance(found, TokenizerManifest)
    return found


def test_figures_are_those_of_the_report(part: Part, manifest: TokenizerManifest) -> None:
    report = read_report(part.folder)
    assert (manifest.vocabulary, manifest.base_vocabulary) == (report.vocabulary, 30522)
    assert (manifest.articles, manifest.asked_for) == (len(LEARNED), 400)
    assert manifest.compared.model_dump() == report.on["all"]
    assert set(manifest.sources) == {WIRE[0], BLOG[0]}
    shown = card_figures(manifest, REPO)
    for key, value in (
        ("/compared/old/tokens_per_word", manifest.compared.old.tokens_per_word),
        ("/compared/new/characters_per_token", manifest.compared.new.characters_per_token),
        ("/sources/blog.csv/old/unknown_share", manifest.sources["blog.csv"].old.unknown_share),
    ):
        assert Shown(key, f"{value:.3f}") in shown
    assert manifest.sources["blog.csv"].old.unknown_share


def test_it_is_ours_and_lists_its_files(part: Part, texts: dict[str, str]) -> None:
    names = {"tokenizer.json", "tokenizer_config.json", "tokenizer_report.json", "tokenizer.png"}
    assert is_ours(texts["manifest.json"])
    assert listed_files(texts["manifest.json"]) == names == {f.name for f in part.folder.iterdir()}


def test_the_card_can_be_read(texts: dict[str, str], manifest: TokenizerManifest) -> None:
    card = texts["README.md"]
    require_readable(card)
    body = body_of(card)
    assert "| wire \\| north .csv | 2 | 12 |" in body
    assert "![Tokens a word" in body
    assert "no answer of an annotator, real or simulated, went into it" in " ".join(body.split())
    assert "`cc0-1.0` for what Copydesk made" in body
    read = ModelCard(card, ignore_metadata_errors=False).data
    assert (read.license, read.library_name) == ("cc0-1.0", "transformers")
    assert read.datasets == ["lantern/harbour-news"]
    # It is no model: nothing was tuned, and it answers nothing.
    assert read.base_model is None and read.pipeline_tag is None
    assert "tokenizer" in (read.tags or [])


def test_one_source_needs_no_table_and_no_text_none_at_all(tmp_path: Path) -> None:
    for name, compared in (("one", [WIRE]), ("none", [])):
        (tmp_path / name).mkdir()
        card = part_of(tmp_path / name, compared).complete(NOTHING)["README.md"]
        require_readable(card)
        assert "## By source" not in card
        assert ("## Old against new" in card) is bool(compared)
        assert ("tokenizer.png" in body_of(card)) is bool(compared)


def test_a_data_set_that_is_not_published_is_no_link(tmp_path: Path) -> None:
    card = part_of(tmp_path, [WIRE], dataset=None).complete(NOTHING)["README.md"]
    assert "/datasets/" not in card
    assert "the words of\nthe desk `harbour`" in card
    assert ModelCard(card).data.datasets is None


def test_the_same_is_no_change_whatever_code_made_it(part: Part, texts: dict[str, str]) -> None:
    before = json.loads(texts["manifest.json"])
    before["provenance"] |= {"copydesk_version": "0.0.1", "code_revision": "older"}
    earlier = json.dumps(before, indent=2, ensure_ascii=False) + "\n"
    again = part.complete(Previous("a" * 40, "v1", texts["README.md"], earlier))
    assert again["manifest.json"] == earlier
    assert "revision `older`" in again["README.md"]
    before["vocabulary"] = 1
    changed = part.complete(Previous("a" * 40, "v1", texts["README.md"], json.dumps(before)))
    assert changed["manifest.json"] == texts["manifest.json"]


def test_notes_stay_and_placeholders_stop_it(
    texts: dict[str, str], manifest: TokenizerManifest
) -> None:
    noted = texts["README.md"].replace("<!-- /notes -->", "Ask Marie.\n<!-- /notes -->")
    assert "Ask Marie." in render_tokenizer_card(manifest, REPO, noted)
    with pytest.raises(DeskError, match="placeholder"):
        unfinished = manifest.model_copy(update={"pretty_name": "TODO"})
        render_tokenizer_card(unfinished, REPO)


def test_the_manifest_reads_back(manifest: TokenizerManifest, texts: dict[str, str]) -> None:
    assert from_json(to_json(manifest)) == manifest
    assert not re.search(r"(?i)site-packages|/home/|/tmp/", texts["manifest.json"])
