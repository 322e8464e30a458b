"""Opinions → the right answers: which corrections teach the next model, and why others do not.

A correction counts like an answer to the desk's own questions: once as many annotators as the
desk asks for gave their opinion, the most frequent answer wins, and a tie decides nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from corpus.articles import Article, ReviewedArticle, Split
from corpus.desk import Desk
from corpus.instruct.answers import Answer, Questions, in_text_order, read_answer, stands_in
from corpus.instruct.opinions import BEST, AnswerReview, Correction, Generation, Opinion
from corpus.instruct.pairs import is_resolved
from corpus.splits import assign_splits, is_blind, leaks

# Article → whose answers are right, by annotator.
Votes = dict[str, dict[str, Answer]]


@dataclass(frozen=True, slots=True)
class Broken:
    """A correction that nothing can be made of, and what is wrong with it."""

    opinion: Opinion
    article: Article
    problem: str


@dataclass(frozen=True, slots=True)
class Corrections:
    """``used`` teach the next model. Articles left out: ``waiting`` for more opinions, ``tied``,
    ``in_gold`` (reviewed by the desk's own questions, which win), ``tested`` (of the test split,
    or like an article of it). Opinions left out: ``broken``, and ``unsaid``: rated below BEST, and
    not corrected.
    """

    used: tuple[Correction, ...] = ()
    waiting: int = 0
    tied: int = 0
    in_gold: int = 0
    tested: int = 0
    broken: tuple[Broken, ...] = ()
    unsaid: int = 0


def resolve_corrections(
    desk: Desk,
    review: AnswerReview,
    reviewed: Sequence[ReviewedArticle],
    known: Mapping[str, Split],
    questions: Questions,
) -> Corrections:
    """Of all opinions that count now; ``reviewed`` is the desk's gold, ``known`` its splits."""
    submitted = review.submitted()
    if not submitted:
        return Corrections()
    votes, broken, unsaid = _votes(submitted, questions)
    asked: dict[str, set[str]] = defaultdict(set)
    for opinion, _, article in submitted:
        asked[article.id].add(opinion.annotator)
    ready = {i: v for i, v in votes.items() if len(asked[i]) >= desk.review.min_submitted}
    gold = {r.article.id for r in reviewed if is_resolved(r, questions)}
    wanted = {i: _most_frequent(v) for i, v in sorted(ready.items()) if i not in gold}
    decided = {i: answer for i, answer in wanted.items() if answer is not None}
    splits = learnable_splits(desk, [review.articles[i] for i in decided], reviewed, known)
    return Corrections(
        used=tuple(
            Correction(review.articles[i], answer, splits[i], len(ready[i]))
            for i, answer in decided.items()
            if i in splits
        ),
        waiting=len(votes) - len(ready),
        tied=len(wanted) - len(decided),
        in_gold=len(ready) - len(wanted),
        tested=len(decided) - len(splits),
        broken=tuple(broken),
        unsaid=unsaid,
    )


def read_correction(
    opinion: Opinion, generation: Generation, article: Article, questions: Questions
) -> Answer | str | None:
    """The right answer; or, as text, why the correction is broken; or None where none is given.

    What the model wrote is confirmed by the best rating, left there or emptied; with a lower one
    it was not corrected.
    """
    is_best = opinion.rating == BEST
    written = opinion.correction.strip() or (generation.written.strip() if is_best else "")
    if not written or (written == generation.written.strip() and not is_best):
        return None
    read = read_answer(written, questions)
    if read.answer is None:
        return read.problem
    answer = in_text_order(read.answer, article.text)
    if not is_best and answer == generation.answer(article, questions):
        return None
    for mention in answer.entities or ():
        if not stands_in(mention.text, article.text):
            return f"{mention.text!r} does not stand in the article's text"
    return answer


def _votes(
    submitted: Sequence[tuple[Opinion, Generation, Article]], questions: Questions
) -> tuple[Votes, list[Broken], int]:
    """Where somebody corrected several models on one article, the last correction counts."""
    votes: Votes = defaultdict(dict)
    broken, unsaid = [], 0
    for opinion, generation, article in sorted(submitted, key=lambda s: s[0].answered_at):
        found = read_correction(opinion, generation, article, questions)
        if isinstance(found, str):
            broken.append(Broken(opinion, article, found))
        elif found is None:
            unsaid += 1
        else:
            votes[article.id][opinion.annotator] = found
    return votes, broken, unsaid


def _most_frequent(votes: Mapping[str, Answer]) -> Answer | None:
    ranked = Counter(votes.values()).most_common(2)
    return None if len(ranked) == 2 and ranked[0][1] == ranked[1][1] else ranked[0][0]


def learnable_splits(
    desk: Desk,
    articles: Sequence[Article],
    reviewed: Sequence[ReviewedArticle],
    known: Mapping[str, Split],
) -> dict[str, Split]:
    """Of these articles, by the desk's own rule; none for what is or resembles the test, nor for
    a blind one of validation: nothing that a model wrote may pull its labels.
    """
    settled = {r.article.id: r.split for r in reviewed}
    others = [a for a in articles if a.id not in settled]
    together = [*(r.article for r in reviewed), *others]
    blind = {a.id: is_blind(a.id, desk.review.blind_share, desk.review.seed) for a in others}
    earlier = {a.id: known[a.id] for a in others if a.id in known}
    chosen = assign_splits(
        together, blind, earlier | settled, desk.splits, desk.review.blind_share
    ).splits
    held = {i for i, split in chosen.items() if split == "validation" and blind.get(i)}
    leaking = {i for pair in leaks(together, chosen) for i in pair}
    return {
        a.id: chosen[a.id]
        for a in articles
        if chosen.get(a.id, "test") != "test" and a.id not in held | leaking
    }
