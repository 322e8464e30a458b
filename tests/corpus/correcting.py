"""Articles, what a model answered about them, and what people say of that."""

from datetime import UTC, datetime, timedelta

from corpus.articles import Article, ReviewedArticle, Split
from corpus.desk import Desk, read_desk
from corpus.instruct.answers import Answer, Mention, to_json
from corpus.instruct.corrections import Corrections, resolve_corrections
from corpus.instruct.opinions import AnswerReview, Generation, Opinion
from corpus.review_state import desk_questions

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
TEXT = "Ada Reyes of Wexmoor won the {} in front of nine thousand people on a rainy Monday {}."
ADA, WEXMOOR = Mention("Ada Reyes", "person"), Mention("Wexmoor", "location")
RIGHT = Answer("Sports", (ADA, WEXMOOR))
WRONG = Answer("World", (ADA,))


def desk(**overrides: object) -> Desk:
    return read_desk("desk.yaml", {"review.min_submitted": 1, "review.blind_share": 0, **overrides})


def article(name: str) -> Article:
    return Article(name, TEXT.format(name * 3, " ".join(f"{name}{i}" for i in range(12))), "Cup")


def generation(name: str, model: str = "m1", written: str | None = None) -> Generation:
    return Generation(name, model, 0, to_json(WRONG) if written is None else written)


def opinion(
    about: Generation,
    correction: Answer | str,
    annotator: str = "x",
    rating: int = 2,
    minutes: int = 0,
) -> Opinion:
    typed = correction if isinstance(correction, str) else to_json(correction)
    at = NOON + timedelta(minutes=minutes)
    return Opinion(about.id, annotator, "submitted", rating, typed, at)


def resolved(
    *opinions: Opinion,
    generations: tuple[Generation, ...] = (generation("a"),),
    reviewed: tuple[ReviewedArticle, ...] = (),
    known: dict[str, Split] | None = None,
    of: Desk | None = None,
) -> Corrections:
    articles = {g.article_id: article(g.article_id) for g in generations}
    review = AnswerReview(articles, {g.id: g for g in generations}, opinions)
    known = {"a": "train", "b": "train"} if known is None else known
    of = of or desk()
    return resolve_corrections(of, review, reviewed, known, desk_questions(of))


def reviewed(name: str, split: Split, topic: str | None = "World") -> ReviewedArticle:
    return ReviewedArticle(article(name), topic, (), "majority", 2, 1.0, False, split)
