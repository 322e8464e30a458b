"""A load that is killed while it corrects licences: what models answered is corrected already."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

import flows.load_news
from argilla_settings.licenses import OtherLicense
from corpus.articles import Article
from corpus.desk import read_desk
from corpus.instruct.opinions import answers_ledger
from corpus.review_state import open_ledger
from flows.load_news import follow_licenses

KNOWN = Article("a", "Ada met Bo in Rome.", license="cc-by-4.0")


class Killed(BaseException):
    """As by a signal."""


def test_a_kill_loses_no_licence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(*_: object) -> None:
        raise Killed

    overrides = {"state": str(tmp_path), "source.columns": {"text": "text", "license": "licence"}}
    desk = read_desk("desk.yaml", overrides)
    answered, argilla = answers_ledger(open_ledger(desk)), cast(Any, None)
    answered.append_articles([KNOWN])
    closed, other = replace(KNOWN, license="all rights reserved"), replace(KNOWN, id="b")
    monkeypatch.setattr(flows.load_news, "correct_licenses", kill)
    monkeypatch.setattr(flows.load_news, "other_licenses", lambda *_: [OtherLicense("r", {})])
    with pytest.raises(Killed):
        follow_licenses.fn(argilla, argilla, desk, [closed, other])
    assert answered.articles() == {"a": closed}
    # Argilla is corrected, and only the answers are behind.
    monkeypatch.setattr(flows.load_news, "other_licenses", lambda *_: [])
    follow_licenses.fn(argilla, argilla, desk, [KNOWN])
    assert answered.articles() == {"a": KNOWN}
