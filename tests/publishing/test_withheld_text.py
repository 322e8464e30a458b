"""Text is published only under its own licence, and its owners can put it back."""

import re
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from corpus.articles import Article, Span, content_id
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.permissions import stated_license, withheld_ids
from corpus.review_state import Reviewed
from publishing.dataset import write_dataset
from publishing.describe_dataset import describe_dataset
from publishing.provenance import provenance
from tests.publishing.reviews import answer, article, desk, load, reviewed

SPANS = (Span(0, 7, "person"),)
PER_ARTICLE = {"source.columns.license": "licence"}
RECIPE = Path(__file__).resolve().parents[2] / "docs/publishing.md"


def named(number: int, name: str, license: str) -> Article:
    """An article whose text and title hold the name at their start."""
    text, title = f"{name} won the Harbour Cup number {number}.", f"{name} wins"
    return article(number, id=content_id(text, title), text=text, title=title, license=license)


def review_of(about: Desk, *articles: Article) -> Reviewed:
    entries = [answer(a, person, "Sports", SPANS) for a in articles for person in range(2)]
    return reviewed(about, articles, entries)


def rows_of(about: Desk, review: Reviewed, folder: Path) -> dict[str, dict[str, Any]]:
    configs = write_dataset(about, review, folder)
    parts = load(folder, configs, "default").values()
    return {row["id"]: row for part in parts for row in part}


@pytest.mark.parametrize(
    ("stated", "withheld"),
    [
        ("CC BY 4.0", False),
        ("cc0-1.0", False),
        ("https://creativecommons.org/licenses/by-sa/4.0/", False),
        ("https://creativecommons.org/licenses/by-nc/4.0/", True),
        ("all rights reserved", True),
        ("cc-by-nc-4.0", True),
        ("", True),
        ("   ", True),
    ],
)
def test_text_is_published_only_under_its_own_licence(
    tmp_path: Path, stated: str, withheld: bool
) -> None:
    about = desk(**PER_ARTICLE)
    item = named(1, "Ada Obi", stated)
    (row,) = rows_of(about, review_of(about, item), tmp_path).values()
    assert row["text_withheld"] is withheld
    assert bool(list(tmp_path.rglob("sft/*.parquet"))) is not withheld
    assert (row["license"], row["source"]) == (stated, item.source)
    assert row["spans"] == [{"start": 0, "end": 7, "label": "person"}]
    if withheld:
        assert [row[name] for name in ("text", "title", "tokens", "ner_tags")] == [None] * 4
        assert b"Obi" not in b"".join(f.read_bytes() for f in tmp_path.rglob("*.parquet"))
    else:
        assert (row["text"], row["title"]) == (item.text, item.title)


def test_the_recipe_puts_text_and_labels_together_again(tmp_path: Path) -> None:
    about = desk(**PER_ARTICLE)
    mine, open_one, lost = (
        named(n, name, license)
        for n, (name, license) in enumerate(
            [("Ada Obi", "wire"), ("Bea Kum", "cc0-1.0"), ("Cay Lin", "wire")]
        )
    )
    rows = rows_of(about, review_of(about, mine, open_one, lost), tmp_path)
    code = re.search(r"```python\n(.*?)```", RECIPE.read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    names: dict[str, Any] = {
        "my_articles": [{"title": mine.title, "text": mine.text}],
        "dataset": Dataset.from_list(list(rows.values())),
    }
    exec(re.sub("^  ", "", code[1], flags=re.MULTILINE), names)
    found = {row["id"]: row for row in names["dataset"]}
    assert found[mine.id]["text"][SPANS[0].start : SPANS[0].end] == "Ada Obi"
    assert (found[mine.id]["text"], found[mine.id]["title"]) == (mine.text, mine.title)
    assert found[open_one.id]["text"] == open_one.text
    assert found[lost.id]["text"] is None


def test_counts_of_withheld_articles_stand_in_the_manifest(tmp_path: Path) -> None:
    about = desk(**PER_ARTICLE)
    review = review_of(about, named(1, "Ada Obi", "wire"), named(2, "Bea Kum", "cc0-1.0"))
    configs = write_dataset(about, review, tmp_path)
    manifest = describe_dataset(about, review, configs, {}, provenance(about))
    assert manifest.source.withheld == 1


def test_a_desk_may_pass_on_what_its_contract_allows() -> None:
    item = article(1, license="wire-contract")
    contract = {"publish.text_licenses": ["Wire contract"]}
    assert not withheld_ids(desk(**PER_ARTICLE, **contract), [item])
    assert withheld_ids(desk(**PER_ARTICLE), [item]) == {item.id}


def test_the_desks_word_counts_where_no_licence_is_known() -> None:
    assert not withheld_ids(desk(), [article(1), article(2)])
    # One that is known makes the others suspect, also after the desk dropped its column.
    known = article(3, license="cc0-1.0")
    assert withheld_ids(desk(), [article(1), known]) == {article(1).id}
    assert not withheld_ids(desk(**{"publish.text_licenses": ["cc0-1.0", ""]}), [article(1), known])


def test_a_licence_of_all_articles_speaks_for_its_own_source() -> None:
    about = desk(**{"source.path": "harbour.csv", "source.license": "cc-by-4.0"})
    before, other = article(1, source="harbour.csv"), article(2, source="wire.csv")
    assert stated_license(about, before) == "cc-by-4.0"
    assert stated_license(about, other) == ""
    assert withheld_ids(about, [before, other]) == {other.id}


def test_two_words_about_licences_are_refused() -> None:
    with pytest.raises(DeskError, match=r"license 'cc0-1\.0' and columns\.license"):
        desk(**PER_ARTICLE, **{"source.license": "cc0-1.0"})
