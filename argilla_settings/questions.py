"""The questions of a desk: topic and entities by its labels, and what it asks besides."""

import logging
from collections.abc import Mapping
from typing import TypeAlias

import argilla as rg

from corpus.desk import Desk
from corpus.settings.questions import OF_LABELS, RatingAsked

log = logging.getLogger(__name__)

TOPIC, ENTITIES = OF_LABELS
VISIBLE_LABELS = 10
DESCRIPTION_MAX_CHARACTERS = 1000

Question: TypeAlias = (
    rg.LabelQuestion | rg.MultiLabelQuestion | rg.SpanQuestion | rg.TextQuestion | rg.RatingQuestion
)


def definitions(labels: Mapping[str, str]) -> str:
    """A Markdown list of labels with what they mean."""
    return "\n".join(f"- **{label}**: {definition}" for label, definition in labels.items())


def short_definitions(labels: Mapping[str, str]) -> str:
    """As many whole definitions as the description of a question holds, and how many there are
    besides.
    """
    lines = [definitions({label: definition}) for label, definition in labels.items()]
    whole = "\n".join(lines)
    if len(whole) <= DESCRIPTION_MAX_CHARACTERS:
        return whole
    for shown in range(len(lines) - 1, -1, -1):
        more = f"… and {len(lines) - shown} more: see the guidelines"
        text = "\n".join([*lines[:shown], more])
        if len(text) <= DESCRIPTION_MAX_CHARACTERS:
            break
    log.info(
        "Argilla shows at most %d characters beside a question: %d of %d definitions",
        DESCRIPTION_MAX_CHARACTERS,
        shown,
        len(lines),
    )
    return text


def label_questions(desk: Desk, client: rg.Argilla) -> list[Question]:
    """What the labels ask; gold is made of the answers."""
    questions: list[Question] = []
    if desk.labels.topics:
        questions.append(topic_question(desk, client))
    if desk.labels.entities:
        questions.append(
            rg.SpanQuestion(
                name=ENTITIES,
                field="text",
                title="Mark every person, place and name in the text",
                labels=list(desk.labels.entities),
                visible_labels=_visible(len(desk.labels.entities)),
                allow_overlapping=desk.labels.overlapping,
                # Argilla wants one required question; an article without entities is still
                # submitted with an empty answer.
                required=desk.labels.several_topics or not desk.labels.topics,
                client=client,
            )
        )
    return questions


def topic_question(desk: Desk, client: rg.Argilla) -> Question:
    """For one topic or for all that fit, of one name and place.

    Argilla takes no empty list of labels: that no topic fits is told by leaving the question out,
    which it allows where another question must be answered.
    """
    labels = list(desk.labels.topics)
    description = short_definitions(desk.labels.topics)
    if not desk.labels.several_topics:
        return rg.LabelQuestion(
            name=TOPIC,
            title="What is this article mainly about?",
            labels=labels,
            description=description,
            client=client,
        )
    return rg.MultiLabelQuestion(
        name=TOPIC,
        title="What is this article about? Choose every topic that fits.",
        labels=labels,
        description=description,
        required=not desk.labels.entities,
        client=client,
    )


def further_questions(desk: Desk, client: rg.Argilla) -> list[Question]:
    """``review.also_ask``, in its order."""
    questions: list[Question] = []
    for name, asked in desk.review.also_ask.items():
        description = asked.description or None
        if isinstance(asked, RatingAsked):
            questions.append(
                rg.RatingQuestion(
                    name=name,
                    title=asked.title,
                    description=description,
                    values=asked.values,
                    required=False,
                    client=client,
                )
            )
        else:
            questions.append(
                rg.TextQuestion(
                    name=name,
                    title=asked.title,
                    description=description,
                    required=False,
                    client=client,
                )
            )
    return questions


def _visible(labels: int) -> int | None:
    """How many labels the question shows at once; Argilla takes no number below 3."""
    return min(VISIBLE_LABELS, labels) if labels >= 3 else None
