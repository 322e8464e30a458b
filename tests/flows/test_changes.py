"""What happens around a desk between two runs: deletions, new data sets, answers, labels."""

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import DatasetCard, HfApi

from argilla_settings.connection import connect, http
from argilla_settings.data_sets import find_dataset, require_dataset
from argilla_settings.news import NEWS
from argilla_settings.records import list_rows
from argilla_settings.simulated_review import annotator_keys, review
from corpus.desk import Desk, read_desk
from corpus.errors import DeskError
from corpus.review_state import open_ledger, read_gold
from corpus.sources.read import read_articles
from flows.desk_run import DeskRun
from flows.load_news import LoadNews, load_news
from flows.publish import Publish, publish
from flows.pull_reviewed import PullReviewed, pull_reviewed
from flows.score_models import score_models
from flows.train_topics import train_topics
from tests.running import HubService, Services

pytestmark = pytest.mark.services

ARTICLES = 20


def knobs(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "source.path": "sample/news.jsonl",
        "source.limit": ARTICLES,
        "source.columns": {"text": "text", "title": "title", "topic": "topic"},
        "labels.entities": {},
        "review.guidelines": "topics.md",
        "review.blind_share": 0.3,
        "models.topics.max_steps": 2,
        "models.topics.max_length_tokens": 32,
        "publish.dataset": f"copydesk/{name}",
        "publish.topic_model": f"copydesk/{name}-topics",
        "publish.entity_model": None,
        **changes,
    }


def answer(services: Services, overrides: dict[str, Any], articles: slice = slice(None)) -> int:
    """Three simulated reviewers answer some of the articles."""
    desk = read_desk("desk.yaml", overrides)
    found = read_articles(desk.source, desk.labels).articles[:ARTICLES]
    keys = annotator_keys(services.home.accounts)
    return review(desk, found[articles], keys, before_submit=open_ledger(desk).append_simulated)


def delete(desk: Desk, article_id: str | None = None) -> None:
    """Delete one record, or the whole data set, as a person does in Argilla."""
    client = connect()
    dataset = find_dataset(client, desk)
    assert dataset is not None
    if article_id is None:
        dataset.delete()
        return
    (row,) = [r for r in list_rows(client, dataset) if r["external_id"] == article_id]
    http(client).delete(
        f"/api/v1/datasets/{dataset.id}/records", params={"ids": row["id"]}
    ).raise_for_status()


def test_a_deleted_record_leaves_the_gold_and_is_not_loaded_again(services: Services) -> None:
    overrides = knobs("deleted-record")
    load_news(LoadNews(overrides=overrides))
    answer(services, overrides)
    gold = pull_reviewed(PullReviewed(overrides=overrides)).gold
    gone = gold.reviewed[0].article.id
    delete(read_desk("desk.yaml", overrides), gone)
    after = pull_reviewed(PullReviewed(overrides=overrides)).gold
    assert {r.article.id for r in after.reviewed} == {r.article.id for r in gold.reviewed} - {gone}
    assert load_news(LoadNews(overrides=overrides)).new == 0


def test_people_stay_the_same_when_the_data_set_is_made_again(services: Services) -> None:
    overrides = knobs("made-again")
    load_news(LoadNews(overrides=overrides))
    answer(services, overrides)
    first = pull_reviewed(PullReviewed(overrides=overrides)).gold
    delete(read_desk("desk.yaml", overrides))
    assert load_news(LoadNews(overrides=overrides)).new == ARTICLES
    assert answer(services, overrides, slice(5)) == 15
    again = pull_reviewed(PullReviewed(overrides=overrides)).gold
    assert (again.annotators, again.answers) == (3, first.answers)
    assert {r.answers for r in again.reviewed} == {3}
    # Nor are they later, when the ledger knows the new data set; what is deleted there is.
    later = pull_reviewed(PullReviewed(overrides=overrides, full=True)).gold
    assert (later.answers, later.reviewed) == (again.answers, again.reviewed)
    assert answer(services, overrides, slice(6)) == 3
    assert pull_reviewed(PullReviewed(overrides=overrides)).gold.answers == first.answers
    client, desk = connect(), read_desk("desk.yaml", overrides)
    rows = list_rows(client, require_dataset(client, desk, NEWS), ("responses",))
    one = next(row for row in rows if row["responses"])
    http(client).delete(f"/api/v1/responses/{one['responses'][0]['id']}").raise_for_status()
    assert pull_reviewed(PullReviewed(overrides=overrides)).gold.answers == first.answers - 1


def test_simulated_answers_are_remembered_and_scores_are_never_stale(
    services: Services, hub_service: HubService
) -> None:
    overrides = knobs("remembered")
    run = DeskRun(overrides=overrides)
    load_news(LoadNews(overrides=overrides))
    answer(services, overrides, slice(16))
    gold = pull_reviewed(PullReviewed(overrides=overrides)).gold
    train_topics(run)
    with pytest.raises(DeskError, match="is not scored on the test split as it is now"):
        publish(Publish(overrides=overrides))
    score_models(run)
    published = publish(Publish(overrides=overrides))
    card = DatasetCard.load(
        hub_file(hub_service, published.items[0].repo_id, "dataset", "README.md")
    )
    assert card.data.annotations_creators == ["machine-generated"]
    assert "reviewers of this data set were simulated" in card.text
    # Only blind articles test; with one of them answered later the scores are out of date.
    assert {r.blind for r in gold.reviewed if r.split == "test"} == {True}
    answer(services, overrides)
    later = pull_reviewed(PullReviewed(overrides=overrides)).gold
    assert len(later.reviewed) > len(gold.reviewed)
    train_topics(run)
    with pytest.raises(DeskError, match="copydesk score"):
        publish(Publish(overrides=overrides))


def test_a_model_of_other_topics_suggests_nothing(services: Services) -> None:
    old = knobs("old-topics")
    run = DeskRun(overrides=old)
    load_news(LoadNews(overrides=old))
    answer(services, old)
    pull_reviewed(PullReviewed(overrides=old))
    train_topics(run)
    score_models(run)
    publish(Publish(overrides=old))
    new = {
        **old,
        "name": "new-topics",
        "labels.topics": {"Near": "what happens in town", "Far": "what happens abroad"},
        "source.topic_values": {"World": "Far", "Sports": None, "Business": None, "Sci/Tech": None},
    }
    assert list(load_news(LoadNews(overrides=new)).suggestions) == [
        "zero-shot:sentence-transformers/all-MiniLM-L6-v2"
    ]
    # Answers given under the old labels say so, instead of failing somewhere in training.
    with pytest.raises(DeskError, match="reviewed with labels that it no longer has"):
        read_gold(read_desk("desk.yaml", {**new, "name": "old-topics"}))


def test_simulated_reviewers_join_the_workspace_of_the_desk(services: Services) -> None:
    overrides = knobs("elsewhere", workspace="newsroom")
    load_news(LoadNews(overrides=overrides))
    assert answer(services, overrides) == 3 * ARTICLES


def hub_file(hub: HubService, repo_id: str, repo_type: str, name: str) -> Path:
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    return Path(api.hf_hub_download(repo_id, name, repo_type=repo_type))
