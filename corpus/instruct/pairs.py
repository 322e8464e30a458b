"""Articles with gold labels → chat examples: system, user, assistant.

The same article always gets the same phrasing, chosen by its id, so pairs are equal between runs.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from corpus.articles import Article, ReviewedArticle, Split, model_input
from corpus.instruct.answers import Answer, Questions, mentions, to_json
from corpus.instruct.opinions import Correction
from corpus.instruct.phrasings import PHRASINGS, system_prompt

Message = dict[str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """One chat example; ``text`` is the article as the model reads it.

    ``phrasing`` numbers the instruction in ``phrasings.PHRASINGS``.
    """

    id: str
    text: str
    answer: Answer
    split: Split
    questions: Questions
    phrasing: int

    def prompt(self) -> list[Message]:
        """System and user message: all that a model is told."""
        instruction = PHRASINGS[kind_of(self.questions)][self.phrasing]
        return [
            {"role": "system", "content": system_prompt(self.questions)},
            {"role": "user", "content": f"{self.text}\n\n{instruction}"},
        ]

    def messages(self) -> list[Message]:
        """The whole chat, with the right answer."""
        return [*self.prompt(), {"role": "assistant", "content": to_json(self.answer)}]


def reviewed_pairs(reviewed: Iterable[ReviewedArticle], questions: Questions) -> list[Pair]:
    """Of the articles whose every question is resolved, in their order and with their splits."""
    return [
        _pair(r.article, to_answer(r, questions), r.split, questions)
        for r in reviewed
        if is_resolved(r, questions)
    ]


def corrected_pairs(corrected: Iterable[Correction], questions: Questions) -> list[Pair]:
    """Of the articles whose answer people corrected, in their order and with their splits."""
    return [_pair(c.article, c.answer, c.split, questions) for c in corrected]


def unanswered_pair(article: Article, questions: Questions) -> Pair:
    """The prompt of an article that nobody answered yet; its answer says nothing."""
    return _pair(article, Answer(None, None), "train", questions)


def is_resolved(reviewed: ReviewedArticle, questions: Questions) -> bool:
    """Whether every question is."""
    return (not questions.topics or reviewed.topic is not None) and (
        not questions.types or reviewed.spans is not None
    )


def _pair(article: Article, answer: Answer, split: Split, questions: Questions) -> Pair:
    # Spans are of the body, so without a topic to tell nobody needs the title.
    text = model_input(article) if questions.topics else article.text
    return pair(article.id, text, answer, split, questions)


def to_answer(reviewed: ReviewedArticle, questions: Questions) -> Answer:
    """What the reviewers found."""
    return Answer(
        reviewed.topic if questions.topics else None,
        mentions(reviewed.article.text, reviewed.spans or ()) if questions.types else None,
    )


def pair(identifier: str, text: str, answer: Answer, split: Split, questions: Questions) -> Pair:
    """A pair with the phrasing that belongs to this id.

    By the highest hash (Thaler and Ravishankar 1998): of a phrasing that is added only those ids
    hear that it is highest for, the others keep theirs.
    """
    numbers = range(len(PHRASINGS[kind_of(questions)]))
    phrasing = max(numbers, key=lambda n: hashlib.sha256(f"{identifier}:{n}".encode()).digest())
    return Pair(identifier, text, answer, split, questions, phrasing)


def kind_of(questions: Questions) -> str:
    """Which group of phrasings asks these questions."""
    if questions.topics and questions.types:
        return "both"
    return "topic" if questions.topics else "entities"
