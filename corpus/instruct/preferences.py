"""Opinions → preferences: of two answers to the same prompt, which one people prefer.

A correction is preferred to what the model wrote; of two models' answers to one prompt, the one
that is rated higher on average, unless it keeps no schema or the other is right. Only answers
count that as many annotators rated as the desk asks for, and only articles that may be learned
from.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Any, Literal

from corpus.articles import Article, Split
from corpus.desk import Desk
from corpus.instruct.answers import Answer, Questions, to_json
from corpus.instruct.opinions import AnswerReview, Generation, Opinion
from corpus.instruct.pairs import Message, unanswered_pair

Origin = Literal["correction", "gold", "rating"]
# Article → the right answer, and where it comes from.
RightAnswers = Mapping[str, tuple[Answer, Origin]]


@dataclass(frozen=True, slots=True)
class Rated:
    """What a model wrote, and the mean of its ratings."""

    generation: Generation
    article: Article
    opinions: tuple[Opinion, ...]
    rating: Fraction

    def people(self) -> set[str]:
        """Pseudonyms of those who gave their opinion."""
        return {opinion.annotator for opinion in self.opinions}


@dataclass(frozen=True, slots=True)
class Preference:
    """``chosen`` is preferred to ``rejected``; no model and no rating where people wrote it.

    ``annotators`` counts those whose opinions it comes from; ``phrasing`` is that of the prompt.
    """

    id: str
    article: Article
    came_from: Origin
    chosen: str
    rejected: str
    chosen_model: str | None
    rejected_model: str
    chosen_rating: float | None
    rejected_rating: float
    annotators: int
    phrasing: int

    def row(self, questions: Questions, split: Split) -> dict[str, Any]:
        """Conversational preference data, as trl's DPOTrainer and RewardTrainer read it."""
        asked = replace(unanswered_pair(self.article, questions), phrasing=self.phrasing)
        return {
            "id": self.id,
            "article_id": self.article.id,
            "split": split,
            "came_from": self.came_from,
            "prompt": asked.prompt(),
            "chosen": [_said(self.chosen)],
            "rejected": [_said(self.rejected)],
            "chosen_model": self.chosen_model,
            "rejected_model": self.rejected_model,
            "chosen_rating": self.chosen_rating,
            "rejected_rating": self.rejected_rating,
            "annotators": self.annotators,
        }


def preferences(
    desk: Desk, review: AnswerReview, right: RightAnswers, questions: Questions
) -> list[Preference]:
    """Everything that the opinions of ``review`` prefer, by article."""
    rated = _rated(review, desk.review.min_submitted)
    found: list[Preference] = []
    for article_id, answers in sorted(rated.items()):
        if article_id in right:
            found += _corrected(answers, *right[article_id], questions)
        found += _higher(answers, right.get(article_id, (None,))[0], questions)
    return found


def _rated(review: AnswerReview, least: int) -> dict[str, list[Rated]]:
    opinions: dict[str, list[Opinion]] = defaultdict(list)
    for opinion, generation, _ in review.submitted():
        if opinion.rating is not None:
            opinions[generation.id].append(opinion)
    rated: dict[str, list[Rated]] = defaultdict(list)
    for identifier, group in sorted(opinions.items()):
        if len(group) >= least:
            generation = review.generations[identifier]
            mean = Fraction(sum(o.rating or 0 for o in group), len(group))
            article = review.articles[generation.article_id]
            rated[article.id].append(Rated(generation, article, tuple(group), mean))
    return rated


def _corrected(
    answers: list[Rated], answer: Answer, origin: Origin, questions: Questions
) -> Iterator[Preference]:
    for rated in answers:
        if rated.generation.answer(rated.article, questions) != answer:
            yield Preference(
                id=f"{rated.generation.id}:{origin}",
                article=rated.article,
                came_from=origin,
                chosen=to_json(answer),
                rejected=rated.generation.written,
                chosen_model=None,
                rejected_model=rated.generation.model,
                chosen_rating=None,
                rejected_rating=float(rated.rating),
                annotators=len(rated.people()),
                phrasing=rated.generation.phrasing,
            )


def _higher(
    answers: list[Rated], right: Answer | None, questions: Questions
) -> Iterator[Preference]:
    for pair in combinations(answers, 2):
        worse, better = sorted(pair, key=lambda r: r.rating)
        if not _is_preferred(better, worse, right, questions):
            continue
        yield Preference(
            id=f"{better.generation.id}>{worse.generation.model}",
            article=better.article,
            came_from="rating",
            chosen=better.generation.written,
            rejected=worse.generation.written,
            chosen_model=better.generation.model,
            rejected_model=worse.generation.model,
            chosen_rating=float(better.rating),
            rejected_rating=float(worse.rating),
            annotators=len(better.people() | worse.people()),
            phrasing=better.generation.phrasing,
        )


def _is_preferred(better: Rated, worse: Rated, right: Answer | None, questions: Questions) -> bool:
    """Ratings do not outvote the right answer, nor today's schema; the prompt must be the same."""
    if better.rating == worse.rating or better.generation.phrasing != worse.generation.phrasing:
        return False
    chosen, rejected = (r.generation.answer(r.article, questions) for r in (better, worse))
    return chosen is not None and rejected != chosen and (right is None or rejected != right)


def _said(content: str) -> Message:
    return {"role": "assistant", "content": content}
