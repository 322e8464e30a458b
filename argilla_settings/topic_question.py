"""How annotators are asked for topics: for one, or for all that fit."""

import argilla as rg

from corpus.desk import Desk
from corpus.errors import DeskError

TOPIC = "topic"
ONE, SEVERAL = "one topic an article", "several topics an article"


def topic_question(desk: Desk, client: rg.Argilla, description: str) -> rg.LabelQuestion:
    """The question, of one name and place for both (Argilla's class for several is a kind of that
    for one).

    Argilla takes no empty list of labels: that no topic fits is told by leaving the question out,
    which it allows where another question must be answered.
    """
    labels = list(desk.labels.topics)
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


def refuse_other_kind(dataset: rg.Dataset, desk: Desk) -> None:
    """DeskError where a data set asks for one topic and the desk for several, or the reverse."""
    asked = {question.name: question for question in dataset.settings.questions}.get(TOPIC)
    if asked is None or not desk.labels.topics:
        return
    several = isinstance(asked, rg.MultiLabelQuestion)
    if several != desk.labels.several_topics:
        there, wanted = (SEVERAL, ONE) if several else (ONE, SEVERAL)
        raise DeskError(
            f"Argilla data set {dataset.name!r} asks for {there}, the desk for {wanted}.",
            "Argilla cannot change the type of a question: give the desk a new `name:`, or set "
            f"labels.several_topics to {str(several).lower()}.",
        )
