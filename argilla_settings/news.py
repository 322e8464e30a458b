"""What annotators see: fields, questions, metadata, distribution and guidelines of a desk."""

from collections.abc import Mapping
from pathlib import Path

import argilla as rg

from argilla_settings.data_sets import DatasetKind
from argilla_settings.priority import ensure_priority, priority_property
from argilla_settings.topic_question import refuse_other_kind, topic_question
from corpus.desk import Desk
from corpus.errors import DeskError
from corpus.permissions import states_licenses

GUIDELINES = Path(__file__).parent / "guidelines"
GUIDELINES_MAX_CHARACTERS = 10_000
VISIBLE_LABELS = 10


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
    """Argilla settings of the desk: a title, a text, a topic question, an entity question."""
    questions: list[rg.LabelQuestion | rg.SpanQuestion] = []
    if desk.labels.topics:
        questions.append(
            topic_question(desk, client, description=definitions(desk.labels.topics)[:1000])
        )
    if desk.labels.entities:
        questions.append(
            rg.SpanQuestion(
                name="entities",
                field="text",
                title="Mark every person, place and name in the text",
                labels=list(desk.labels.entities),
                visible_labels=_visible(len(desk.labels.entities)),
                allow_overlapping=False,
                # Argilla wants one required question; an article without entities is still
                # submitted with an empty answer.
                required=desk.labels.several_topics or not desk.labels.topics,
                client=client,
            )
        )
    return rg.Settings(
        guidelines=guidelines_text(desk),
        fields=[
            rg.TextField(name="title", title="Title", required=False, client=client),
            rg.TextField(name="text", title="Article", use_markdown=False, client=client),
        ],
        questions=questions,
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


def _license_property(desk: Desk, client: rg.Argilla) -> list[rg.TermsMetadataProperty]:
    """Articles carry their licence where the source says one."""
    if not states_licenses(desk):
        return []
    return [
        rg.TermsMetadataProperty(
            name="license", title="Licence", visible_for_annotators=False, client=client
        )
    ]


def _visible(labels: int) -> int | None:
    """How many labels the question shows at once; Argilla takes no number below 3."""
    return min(VISIBLE_LABELS, labels) if labels >= 3 else None


def _adapt(client: rg.Argilla, dataset: rg.Dataset, desk: Desk) -> None:
    """Raises DeskError for other labels, or another kind of question, which Argilla cannot
    change.
    """
    refuse_other_kind(dataset, desk)
    refuse_other_labels(dataset, desk)
    _add_license(client, dataset, desk)
    ensure_priority(client, dataset)


def _add_license(client: rg.Argilla, dataset: rg.Dataset, desk: Desk) -> None:
    """A desk whose source began to state licences after the data set was made."""
    there = {item.name for item in dataset.settings.metadata}
    for item in _license_property(desk, client):
        if item.name not in there:
            item.dataset = dataset
            dataset.settings.metadata.add(item.create())


def refuse_other_labels(dataset: rg.Dataset, desk: Desk) -> None:
    """DeskError where a data set asks with other labels than the desk has."""
    asked = {question.name: question for question in dataset.settings.questions}
    for name, wanted in (("topic", desk.labels.topics), ("entities", desk.labels.entities)):
        there = list(getattr(asked.get(name), "labels", None) or [])
        if set(there) != set(wanted):
            raise DeskError(
                f"Argilla data set {dataset.name!r} asks {name} with labels {there}, "
                f"the desk has {list(wanted)}.",
                "Argilla cannot change labels of a data set with records: give the desk a new "
                "`name:`, or restore its labels.",
            )


def definitions(labels: Mapping[str, str]) -> str:
    """A Markdown list of labels with what they mean."""
    return "\n".join(f"- **{label}**: {definition}" for label, definition in labels.items())


NEWS = DatasetKind(
    name=lambda desk: desk.name,
    guidelines=guidelines_text,
    settings=news_settings,
    adapt=_adapt,
    load="copydesk load",
)
