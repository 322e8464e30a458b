"""The desk's licence is one the Hub knows, and a source's spelling is understood or not trusted."""

from dataclasses import replace
from pathlib import Path

import pytest

from corpus.articles import Article
from corpus.desk import read_desk
from corpus.errors import DeskError
from corpus.ledger import Ledger
from corpus.licenses import HUB_LICENSES, OPEN_LICENSES, license_id
from embedded.hub.licenses import LICENSES


def test_the_desk_and_the_embedded_hub_know_the_same_identifiers() -> None:
    # "array" stands in the Hub's list, but nobody means it.
    assert LICENSES - {"array"} == HUB_LICENSES
    assert set(OPEN_LICENSES) < HUB_LICENSES


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ("CC BY-SA 4.0", "cc-by-sa-4.0"),
        ("cc_by_4.0", "cc-by-4.0"),
        (" CC0-1.0\n", "cc0-1.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "cc0-1.0"),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/deed.en", "cc-by-nc-nd-4.0"),
        ("https://creativecommons.org.example/licenses/by/4.0/", None),
        ("https://example.com/?creativecommons.org/licenses/by/4.0/", None),
        ("© all rights reserved", None),
    ],
)
def test_spellings(stated: str, found: str | None) -> None:
    if found is None:
        assert license_id(stated) not in HUB_LICENSES
    else:
        assert license_id(stated) == found


@pytest.mark.parametrize(
    ("license", "near"),
    [("CC-BY-4.0", "cc-by-4.0"), ("cc0", "cc0-1.0"), ("mit license", "mit"), ("house", "odc-by")],
)
def test_the_desks_licence_must_be_one_of_the_hub(license: str, near: str) -> None:
    with pytest.raises(DeskError) as error:
        read_desk("desk.yaml", {"publish.license": license, "models.seed": "x"})
    assert f"publish.license: Value error, {license!r} is no licence identifier" in str(error.value)
    assert near in str(error.value)
    # All errors at once.
    assert "models.seed" in str(error.value)


def test_name_and_link_belong_to_other() -> None:
    both = {"publish.license_name": "House rules", "publish.license_link": "https://example.com"}
    assert read_desk("desk.yaml", {"publish.license": "other", **both}).publish.license == "other"
    with pytest.raises(DeskError, match=r"belong to license 'other', not 'cc0-1\.0'"):
        read_desk("desk.yaml", both)


def test_ledgers_without_licences_are_read_and_take_them(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path), "harbour")
    columns = ("id", "text", "title", "source", "published_at", "source_split")
    ledger.append("articles", [dict.fromkeys(columns, "") | {"id": "a", "text": "Ada"}])
    old = Article(id="a", text="Ada")
    assert ledger.articles() == {"a": old}
    assert ledger.append_articles([old]) == 0
    open_one = replace(old, license="cc0-1.0")
    assert ledger.append_articles([open_one]) == 1
    assert ledger.articles() == {"a": open_one}
