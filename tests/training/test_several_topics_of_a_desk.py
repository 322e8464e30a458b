"""Several topics an article before there is a model, and with little gold."""

from corpus.articles import Article, ReviewedArticle
from corpus.settings.labels import LabelSettings
from training.classification.data import training_data
from training.classification.zero_shot import LEAST_SHARE, zero_shot_topics
from training.examples import topic_examples

TOPICS = {"Sports": "matches and teams", "Business": "companies and money", "Space": "rockets"}
TEXTS = [
    "Companies lose money on teams: shares of the firm that owns the club fell after the match.",
    "The team won the match.",
]


def test_zero_shot_says_each_topic_with_its_share_and_at_least_one() -> None:
    assert LabelSettings(topics=TOPICS, several_topics=True)
    several = zero_shot_topics(TEXTS, TOPICS, "offline", several=True)
    one = zero_shot_topics(TEXTS, TOPICS, "offline")
    for found, single in zip(several, one, strict=True):
        shares = found.probabilities
        wanted = {t for t, share in shares.items() if share >= LEAST_SHARE} | {found.topic}
        assert set(found.topics) == wanted
        assert [shares[t] for t in found.topics] == sorted(
            (shares[t] for t in found.topics), reverse=True
        )
        assert (single.topic, single.topics) == (found.topic, (found.topic,))
    assert len(several[0].topics) == 2
    assert several[1].topics == ("Sports",)


def reviewed(identifier: str, topics: tuple[str, ...] | None) -> ReviewedArticle:
    article = Article(identifier, "text", title="Title")
    return ReviewedArticle(article, None, (), "single", 1, 1.0, False, "train", topics)


def test_articles_without_a_topic_teach_and_ties_do_not() -> None:
    gold = [reviewed("a", ("Sports", "Space")), reviewed("b", ()), reviewed("c", None)]
    examples = topic_examples(gold)
    assert [(e.id, e.topics) for e in examples] == [("a", ("Sports", "Space")), ("b", ())]


def test_a_desk_of_several_topics_gets_such_a_model_from_articles_with_one() -> None:
    examples = topic_examples([reviewed("a", ("Sports",)), reviewed("b", ("Space",))])
    assert not training_data(examples, list(TOPICS)).several
    assert training_data(examples, list(TOPICS), several=True).several
