"""What annotators see: fields, questions, metadata, distribution and guidelines of a desk."""

from pathlib import Path

import argilla as rg

from argilla_settings.data_sets import DatasetKind
from argilla_settings.priority import priority_property
from argilla_settings.questions import (
    Question,
    definitions,
    further_questions,
    label_questions,
)
from argilla_settings.settings_changes import follow_settings
from argilla_settings.vectors import require_own_field
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.permissions import states_licenses

GUIDELINES = Path(__file__).parent / "guidelines"
GUIDELINES_MAX_CHARACTERS = 10_000


def guidelines_text(desk: Desk) -> str:
    """The guidelines with the desk's own label definitions in them."""
    name = desk.review.guidelines or _own_guidelines(desk)
    file = next((f for f in (Path(name), GUIDELINES / name) if f.is_file()), None)
    if file is None:
        raise DeskError(
            f"Guidelines {name!r} are neither a file nor in argilla_settings/guidelines.",
            "Set review.guidelines in the desk.",
        )
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DeskError(f"Guidelines {file} are not UTF-8: {error}.", "Save them so.") from error
    text = text.replace("{topics}", definitions(desk.labels.topics))
    # Argilla strips it too; the two are compared.
    text = text.replace("{entities}", definitions(desk.labels.entities)).strip()
    return require_length(text, f"Shorten {file} or the label definitions.")


def require_length(guidelines: str, next_step: str) -> str:
    """The guidelines; DeskError where Argilla would refuse them."""
    if len(guidelines) > GUIDELINES_MAX_CHARACTERS:
        raise DeskError(
            f"The guidelines have {len(guidelines)} characters; Argilla takes "
            f"{GUIDELINES_MAX_CHARACTERS}.",
            next_step,
        )
    return guidelines


def _own_guidelines(desk: Desk) -> str:
    if not desk.labels.topics:
        return "entities.md"
    several = "several_" if desk.labels.several_topics else ""
    return f"{several}{'news' if desk.labels.entities else 'topics'}.md"


def news_settings(desk: Desk, client: rg.Argilla) -> rg.Settings:
    """Argilla settings of the desk: a title and a text, its questions, what records are found by.

    The vector field comes with the first records: how wide it is the encoder says.
    """
    return rg.Settings(
        guidelines=guidelines_text(desk),
        fields=[
            rg.TextField(name="title", title="Title", required=False, client=client),
            rg.TextField(name="text", title="Article", use_markdown=False, client=client),
        ],
        questions=news_questions(desk, client),
        metadata=[
            priority_property(client),
            rg.TermsMetadataProperty(name="source", title="Source", client=client),
            rg.TermsMetadataProperty(name="published_at", title="Published", client=client),
            *_license_property(desk, client),
            rg.TermsMetadataProperty(
                name="topic_predicted", title="Predicted topic", client=client
            ),
            rg.FloatMetadataProperty(
                name="uncertainty", title="Uncertainty of the model", client=client
            ),
            rg.TermsMetadataProperty(
                name="blind",
                title="Shown without suggestions",
                visible_for_annotators=False,
                client=client,
            ),
        ],
        distribution=rg.TaskDistribution(min_submitted=desk.review.min_submitted),
    )


def news_questions(desk: Desk, client: rg.Argilla) -> list[Question]:
    """All that annotators are asked, in order."""
    return [*label_questions(desk, client), *further_questions(desk, client)]


def _license_property(desk: Desk, client: rg.Argilla) -> list[rg.TermsMetadataProperty]:
    """Articles carry their licence where the source says one."""
    if not states_licenses(desk):
        return []
    return [
        rg.TermsMetadataProperty(
            name="license", title="Licence", visible_for_annotators=False, client=client
        )
    ]


def _adapt(client: rg.Argilla, dataset: rg.Dataset, desk: Desk) -> None:
    """Raises DeskError for other fields, labels or questions, which Argilla cannot change.

    Missing metadata are added: of the order of review, which is younger than some data sets, and
    of licences, which a source may begin to state.
    """
    if desk.review.find_similar:
        require_own_field(client, dataset)
    follow_settings(client, dataset, news_settings(desk, client))


NEWS = DatasetKind(
    name=lambda desk: desk.name,
    guidelines=guidelines_text,
    settings=news_settings,
    adapt=_adapt,
    load="copydesk load",
)
