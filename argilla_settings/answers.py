"""What annotators see of a model's answers: the data set in which they rate and correct them."""

import argilla as rg

from argilla_settings.data_sets import DatasetKind
from argilla_settings.news import GUIDELINES, require_length
from argilla_settings.questions import definitions
from corpus.desk import ANSWERS_SUFFIX, Desk
from corpus.errors import DeskError
from corpus.instruct.answers import Answer, Mention, to_json
from corpus.instruct.opinions import BEST, WORST

RATING, CORRECTION = "rating", "correction"
# Nobody's names, as an example of the form.
NAMES = ("Ada Reyes", "Wexmoor", "Northwind Ltd")


def answers_name(desk: Desk) -> str:
    """Of the Argilla data set with the answers of the desk's instruction models."""
    return f"{desk.name}{ANSWERS_SUFFIX}"


def answers_guidelines(desk: Desk) -> str:
    """How to rate and correct, with the desk's labels and the form of an answer."""
    topics, types = desk.labels.topics, desk.labels.entities
    keys, labels = [], []
    if topics:
        keys.append('`"topic"`')
        labels.append(f'`"topic"` is one of these, written exactly so:\n\n{definitions(topics)}')
    if types:
        keys.append('`"entities"`')
        labels.append(
            '`"entities"` is a list. `"text"` is a name **exactly as it stands in the article** '
            "(below the title), each once, `[]` where there is none. "
            f'`"type"` is one of these, written exactly so:\n\n{definitions(types)}'
        )
    text = (GUIDELINES / "answers.md").read_text(encoding="utf-8")
    text = text.replace("{keys}", " and ".join(keys)).replace("{example}", _example(desk))
    text = text.replace("{labels}", "\n\n".join(labels)).strip()
    return require_length(text, "Shorten the definitions in labels: of the desk.")


def answers_settings(desk: Desk, client: rg.Argilla) -> rg.Settings:
    """Title, text and answer to read; a rating and the corrected answer to give."""
    return rg.Settings(
        guidelines=answers_guidelines(desk),
        fields=[
            rg.TextField(name="title", title="Title", required=False, client=client),
            rg.TextField(name="text", title="Article", client=client),
            rg.TextField(name="answer", title="The model's answer", client=client),
        ],
        questions=[
            rg.RatingQuestion(
                name=RATING,
                title=f"How right is the answer? ({BEST}: all of it)",
                values=list(range(WORST, BEST + 1)),
                description=f"{BEST}: all of it, nothing is missing. {WORST}: useless.",
                client=client,
            ),
            rg.TextQuestion(
                name=CORRECTION,
                title="The right answer (JSON): edit until it is right",
                description=f"One JSON object, for example {_example(desk)} "
                f"Leave it as it is if you rated {BEST}; empty it if you cannot correct it. "
                "Names stand there exactly as in the article.",
                # A rating counts without it.
                required=False,
                client=client,
            ),
        ],
        metadata=[
            rg.TermsMetadataProperty(name="model", title="Model", client=client),
            rg.TermsMetadataProperty(name="valid", title="Keeps the form", client=client),
            rg.IntegerMetadataProperty(
                name="phrasing",
                title="Wording of the instruction",
                visible_for_annotators=False,
                client=client,
            ),
        ],
        distribution=rg.TaskDistribution(min_submitted=desk.review.min_submitted),
    )


def _adapt(_: rg.Argilla, dataset: rg.Dataset, desk: Desk) -> None:
    """Raises DeskError for a data set of something else."""
    asked = {question.name for question in dataset.settings.questions}
    if asked != {RATING, CORRECTION}:
        raise DeskError(
            f"Argilla data set {answers_name(desk)!r} asks {', '.join(sorted(asked))}: "
            "it is not one of answers.",
            "Rename or delete it, or give the desk a new `name:`.",
        )


def _example(desk: Desk) -> str:
    """An answer with the desk's own labels."""
    topic = next(iter(desk.labels.topics), None)
    types = list(desk.labels.entities)
    named = [Mention(name, kind) for name, kind in zip(NAMES, types, strict=False)]
    return to_json(Answer(topic, tuple(named[:2]) if types else None))


ANSWERS = DatasetKind(
    name=answers_name,
    guidelines=answers_guidelines,
    settings=answers_settings,
    adapt=_adapt,
    load="copydesk answers load",
)
