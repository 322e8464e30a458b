"""Suggestions before a model of the desk is published."""

import re
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from corpus.articles import Article, Response, ScoredSpan, Span
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.ledger_rows import LedgerEntry
from corpus.review_state import open_ledger
from flows import preannotation
from flows.first_suggestions import EntitySuggester, first_suggester
from flows.preannotation import pre_annotate
from publishing.agents import published_agent
from tests.running import HubService
from tests.training.taggers import tagger

TEXTS = ["Ada Obi ran to Rome , the Acme way"]
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "B-MISC"]
PIECES = {"Ada": "B-PER", "Obi": "I-PER", "Rome": "B-LOC", "Acme": "B-MISC"}
VALUES = {"PER": "person", "LOC": "location"}
AT = datetime(2031, 5, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPYDESK_HOME", str(tmp_path / "home"))


def desk(entities: str = "gazetteer", **settings: object) -> Desk:
    name = uuid.uuid4().hex[:8]
    preannotation = {"entities": entities, "entity_values": VALUES}
    return read_desk(
        "desk.yaml",
        {
            "name": f"first-{name}",
            "review.min_submitted": 1,
            "models.preannotation": preannotation,
            # Nothing is published there.
            "publish.topic_model": f"copydesk/{name}-topics",
            "publish.entity_model": f"copydesk/{name}-entities",
            **settings,
        },
    )


def review(found: Desk, text: str, *spans: Span) -> None:
    """One article with one answer, in the train split."""
    ledger = open_ledger(found)
    article = Article(f"a{len(ledger.articles())}", text)
    response = Response(article.id, "annotator-1", "submitted", "World", spans, AT)
    ledger.append_articles([article])
    ledger.append_entries([LedgerEntry(response, "g1", blind=False)])
    ledger.append_splits({article.id: "train"})


@pytest.mark.services
def test_reviewed_names_suggest_entities_until_a_model_is_published(
    hub_service: HubService, caplog: pytest.LogCaptureFixture
) -> None:
    found = desk()
    new = Article("n", "🚀 Ada Obi left Lima.", title="Cup final: team wins the match")
    first = pre_annotate(found, [new])["n"]
    assert (first.spans, first.spans_agent) == (None, "")
    assert first.topic == "Sports"
    assert first.topic_agent == "zero-shot:sentence-transformers/all-MiniLM-L6-v2"
    assert 0 < (first.topic_score or 0) <= 1
    review(found, "Ada Obi spoke.", Span(0, 7, "person"))
    review(found, "They saw Lima.", Span(9, 13, "location"))
    then = pre_annotate(found, [new])["n"]
    assert then.spans == (
        ScoredSpan(2, 9, "person", pytest.approx(2 / 3)),
        ScoredSpan(15, 19, "location", pytest.approx(2 / 3)),
    )
    assert re.fullmatch("gazetteer:[0-9a-f]{12}", then.spans_agent)
    assert published_agent(then.spans_agent) == then.spans_agent
    # The title counts: without it another topic is nearest.
    bare = pre_annotate(found, [Article("n", new.text)])["n"]
    assert (bare.topic, bare.topic_score) != (first.topic, first.topic_score)


def test_nobody_suggests_where_the_desk_says_so() -> None:
    found = desk("none")
    review(found, "Ada Obi spoke.", Span(0, 7, "person"))
    assert first_suggester(found) is None


@pytest.mark.services
def test_a_token_classifier_of_the_hub_by_its_revision(
    hub_service: HubService, tmp_path: Path
) -> None:
    folder = tagger(tmp_path / "ner", TEXTS, TAGS, PIECES)
    api = HfApi(endpoint=hub_service.endpoint, token=hub_service.token)
    repo = f"copydesk/{uuid.uuid4().hex[:8]}-other-ner"
    api.create_repo(repo)
    commit = api.upload_folder(repo_id=repo, folder_path=folder)
    article = Article("n", "🚀 Ada Obi ran\r\nto Rome , the Acme way " + "the way " * 7000 + "Rome")
    prediction = pre_annotate(desk(repo), [article])["n"]
    assert prediction.spans_agent == f"{repo}:{commit.oid[:12]}"
    assert published_agent(prediction.spans_agent) == prediction.spans_agent
    spans = prediction.spans or ()
    assert [article.text[s.start : s.end] for s in spans] == ["Ada Obi", "Rome", "Rome"]
    assert [s.label for s in spans] == ["person", "location", "location"]
    assert all(0 < s.score <= 1 for s in spans)


def test_a_folder_by_a_hash_of_its_files(tmp_path: Path) -> None:
    folder = tagger(tmp_path / "my-ner", TEXTS, TAGS, PIECES)
    suggester = first_suggester(desk(folder))
    assert suggester is not None
    assert re.fullmatch("folder:my-ner:[0-9a-f]{12}", suggester.agent)
    assert published_agent(suggester.agent) == suggester.agent
    ((span,),) = suggester.find(["to Rome"])
    assert span.span() == Span(3, 7, "location")
    (tmp_path / "my-ner" / "notes.txt").write_text("changed")
    again = first_suggester(desk(folder))
    assert again is not None
    assert again.agent != suggester.agent


def test_a_gliner_folder_asks_for_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gliner", None)
    (tmp_path / "gliner_config.json").write_text("{}")
    with pytest.raises(DeskError, match="gliner cannot be imported"):
        first_suggester(desk(str(tmp_path)))


def test_tags_are_mapped_to_types_that_the_desk_has() -> None:
    with pytest.raises(DeskError, match=r"entity_values maps to \['place'\]"):
        desk(**{"models.preannotation": {"entity_values": {"LOC": "place"}}})


def test_spans_of_the_source_are_trimmed_and_whole() -> None:
    text = "  Jose\u0301 ran"
    article = Article("n", text, topic="World", spans=(Span(0, 6, "person"), Span(0, 2, "event")))
    prediction = pre_annotate(desk(**{"source.suggest_labels": True}), [article])["n"]
    assert prediction.spans == (ScoredSpan(2, 7, "person", 1.0),)


@pytest.mark.parametrize("overlapping", [True, False])
def test_suggested_spans_overlap_where_answers_may(
    overlapping: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, prize = ScoredSpan(0, 3, "person", 0.9), ScoredSpan(0, 9, "event", 0.8)
    again = ScoredSpan(0, 4, "person", 0.5)
    suggester = EntitySuggester("made", lambda texts: [(ada, prize, again) for _ in texts])
    monkeypatch.setattr(preannotation, "first_suggester", lambda _: suggester)
    monkeypatch.setattr(preannotation, "_last", lambda _: None)
    asked = desk(**{"labels.topics": {}, "labels.overlapping": overlapping})
    (found,) = pre_annotate(asked, [Article("n", "Ada Prize")]).values()
    assert found.spans == ((ada, prize) if overlapping else (ada,))
    given = Article("n", "Ada Prize", spans=(ada.span(), prize.span()))
    asked = desk(
        **{"labels.overlapping": overlapping, "labels.topics": {}, "source.suggest_labels": True}
    )
    spans = pre_annotate(asked, [given])["n"].spans or ()
    assert [s.label for s in spans] == (["person", "event"] if overlapping else ["event"])
