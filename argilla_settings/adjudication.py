"""What adjudicators see: the desk's questions, and what was answered, in a data set of its own."""

import argilla as rg

from argilla_settings.data_sets import DatasetKind
from argilla_settings.news import guidelines_text, news_settings
from argilla_settings.questions import label_questions
from argilla_settings.settings_changes import follow_settings
from corpus.adjudication import adjudicating
from corpus.desk import Desk
from corpus.errors import DeskError

ANSWERS = "answers"
# Whether annotators still leave it open; which of the questions they do.
NEEDED, OPEN = "needed", "open"


def adjudication_name(desk: Desk) -> str:
    """Of the Argilla data set with what annotators of the desk left open."""
    return adjudicating(desk).name


def adjudication_settings(desk: Desk, client: rg.Argilla) -> rg.Settings:
    """What the labels ask annotators, and what they answered; no model's word stands there."""
    settings = news_settings(desk, client)
    answers = rg.TextField(
        name=ANSWERS, title="What was answered", use_markdown=True, client=client
    )
    return rg.Settings(
        guidelines=guidelines_text(desk),
        fields=[*settings.fields, answers],
        questions=label_questions(desk, client),
        metadata=[
            rg.TermsMetadataProperty(name=NEEDED, title="Still open", client=client),
            rg.TermsMetadataProperty(name=OPEN, title="Open question", client=client),
            rg.TermsMetadataProperty(
                name="blind",
                title="Shown to annotators without suggestions",
                visible_for_annotators=False,
                client=client,
            ),
        ],
        distribution=rg.TaskDistribution(min_submitted=1),
    )


def _adapt(client: rg.Argilla, dataset: rg.Dataset, desk: Desk) -> None:
    """Raises DeskError for a data set of something else, for other fields and other labels."""
    if ANSWERS not in {field.name for field in dataset.settings.fields}:
        raise DeskError(
            f"Argilla data set {dataset.name!r} shows no answers: it is not one of adjudication.",
            "Rename or delete it, or give the desk a new `name:`.",
        )
    follow_settings(client, dataset, adjudication_settings(desk, client))


ADJUDICATION = DatasetKind(
    name=adjudication_name,
    guidelines=guidelines_text,
    settings=adjudication_settings,
    adapt=_adapt,
    load="copydesk adjudicate load",
    min_submitted=lambda _: 1,
)
